import { isTlObject } from '../codec/tl-object.ts';
import { badRequest, rpcError } from '../session/rpc-error.ts';
import { callerOf } from './caller.ts';
import type { Method } from './method.ts';

/** Download and upload in parts. @see https://core.telegram.org/api/files */
export const fileMethods: Readonly<Record<string, Method>> = {
  'upload.getFile'({ location, offset, limit, precise }, call) {
    callerOf(call);
    const start = Number(offset);
    const length = Number(limit);
    const unit = precise === true ? 1024 : 4096;
    if (length <= 0 || length > 1 << 20 || length % unit !== 0) throw badRequest('LIMIT_INVALID');
    if (start < 0 || start % unit !== 0) throw badRequest('OFFSET_INVALID');
    // A part lies within one megabyte of the file.
    if (precise !== true && Math.floor(start / (1 << 20)) !== Math.floor((start + length - 1) / (1 << 20))) {
      throw badRequest('LIMIT_INVALID');
    }
    if (!isTlObject(location)) throw badRequest('LOCATION_INVALID');
    const file = call.world.findFile(location.id as bigint, location.access_hash as bigint);
    if (file === undefined) throw badRequest('LOCATION_INVALID');
    if (!file.fileReference.equals((location.file_reference as Buffer | undefined) ?? Buffer.alloc(0))) {
      throw badRequest('FILE_REFERENCE_EXPIRED');
    }
    if (file.dcId !== call.dcId && call.addresses().some(({ dcId }) => dcId === file.dcId)) {
      throw rpcError(303, `FILE_MIGRATE_${file.dcId}`);
    }
    return {
      _: 'upload.file',
      type: { _: file.kind === 'photo' ? 'storage.fileJpeg' : 'storage.filePartial' },
      mtime: file.date,
      bytes: file.bytes.subarray(start, start + length),
    };
  },
  'upload.saveFilePart'({ file_id, file_part, bytes }, call) {
    callerOf(call);
    call.uploads.save(call.key.id, file_id as bigint, { index: Number(file_part), bytes: bytes as Buffer });
    return true;
  },
  'upload.saveBigFilePart'({ file_id, file_part, bytes }, call) {
    callerOf(call);
    call.uploads.save(call.key.id, file_id as bigint, { index: Number(file_part), bytes: bytes as Buffer });
    return true;
  },
};

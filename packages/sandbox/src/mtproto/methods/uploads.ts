import { createHash } from 'node:crypto';
import { isTlObject } from '../codec/tl-object.ts';
import type { MediaInput } from '../public.ts';
import { badRequest } from '../session/rpc-error.ts';

/** Files that clients have sent in parts. */
export interface Uploads {
  save(owner: string, fileId: bigint, part: { readonly index: number; readonly bytes: Buffer }): void;
  /** Puts the parts of an `InputFile` together and forgets them. Throws an RPC error when one is missing. */
  take(owner: string, file: unknown): Buffer;
}

/** @see https://core.telegram.org/api/files#uploading-files */
const maxPartBytes = 512 << 10;

/** Creates {@link Uploads}; `owner` is the key's id, as parts are looked for only there. */
export function createUploads(): Uploads {
  const files = new Map<string, Map<number, Buffer>>();
  return {
    save(owner, fileId, { index, bytes }) {
      if (bytes.length === 0) throw badRequest('FILE_PART_EMPTY');
      if (bytes.length > maxPartBytes) throw badRequest('FILE_PART_TOO_BIG');
      if (!(index >= 0 && index < 8000)) throw badRequest('FILE_PART_INVALID');
      const name = `${owner} ${fileId}`;
      const parts = files.get(name) ?? new Map<number, Buffer>();
      files.set(name, parts.set(index, Buffer.from(bytes)));
    },
    take(owner, file) {
      if (!isTlObject(file)) throw badRequest('FILE_PARTS_INVALID');
      const name = `${owner} ${file.id}`;
      const parts = files.get(name);
      const bytes = Array.from({ length: Number(file.parts) }, (_, index) => {
        const part = parts?.get(index);
        if (part === undefined) throw badRequest(`FILE_PART_${index}_MISSING`);
        return part;
      });
      if (bytes.length === 0) throw badRequest('FILE_PARTS_INVALID');
      const whole = Buffer.concat(bytes);
      const sum = file._ === 'inputFile' ? String(file.md5_checksum ?? '') : '';
      if (sum !== '' && createHash('md5').update(whole).digest('hex') !== sum)
        throw badRequest('MD5_CHECKSUM_INVALID');
      files.delete(name);
      return whole;
    },
  };
}

/** What an `InputMedia` with an uploaded file makes. */
export function uploadedMedia(media: unknown, owner: string, uploads: Uploads): MediaInput {
  if (!isTlObject(media)) throw badRequest('MEDIA_EMPTY');
  if (media._ === 'inputMediaUploadedPhoto') return { kind: 'photo', bytes: uploads.take(owner, media.file) };
  if (media._ !== 'inputMediaUploadedDocument') throw badRequest('MEDIA_INVALID');
  const attributes = (media.attributes as unknown[]).filter((one) =>
    isTlObject(one, 'documentAttributeFilename'),
  );
  return {
    kind: 'document',
    bytes: uploads.take(owner, media.file),
    name: (attributes[0] as { file_name?: string } | undefined)?.file_name,
    mimeType: String(media.mime_type),
  };
}

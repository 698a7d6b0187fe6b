import { createHash, randomBytes } from 'node:crypto';
import { apiFailure } from './api-failure.ts';
import { success } from './found.ts';
import { checkMedia } from './media-types.ts';
import type { OperationParts } from './operation-parts.ts';
import type { Operations } from './routes.ts';
import { missingObject, newId } from './state.ts';

/** How long a file's URL works; simulated milliseconds. */
const urlMs = 300_000;

/** Files: upload, where they are, deletion, and resumable uploads. */
export function mediaOperations({
  state,
  clock,
  found,
  fileUrl,
}: OperationParts): Pick<
  Operations,
  'media' | 'media_info' | 'delete_media' | 'start_upload' | 'upload' | 'continue_upload'
> {
  return {
    async media({ id, params, file: given }) {
      found.number(id);
      if (params.messaging_product !== 'whatsapp')
        throw apiFailure(100, 'The parameter messaging_product is required.');
      if (!given) throw apiFailure(100, 'The parameter file is required.');
      const bytes = new Uint8Array(await given.arrayBuffer());
      const type = given.type.split(';')[0] ?? '';
      checkMedia(type, String(params.type).split(';')[0] ?? '', bytes.byteLength);
      const stored = { id: newId(), phoneNumberId: id, bytes, type, urls: new Map<string, number>() };
      state.files.set(stored.id, stored);
      return { id: stored.id };
    },
    media_info({ id, params }) {
      const { phoneNumberId, bytes, type, urls } = found.one(state.files, id);
      if (params.phone_number_id !== undefined && params.phone_number_id !== phoneNumberId)
        throw missingObject(id);
      const key = randomBytes(12).toString('hex');
      urls.set(key, clock.now() + clock.scaled(urlMs));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return {
        messaging_product: 'whatsapp',
        url: fileUrl(key),
        mime_type: type,
        sha256,
        file_size: bytes.byteLength,
        id,
      };
    },
    delete_media({ id }) {
      found.one(state.files, id);
      state.files.delete(id);
      return success;
    },
    start_upload({ params }) {
      const id = `upload:${randomBytes(18).toString('base64url')}`;
      state.uploads.set(id, { id, length: Number(params.file_length), received: new Uint8Array() });
      return { id };
    },
    upload: ({ id }) => ({ id, file_offset: found.one(state.uploads, id).received.byteLength }),
    continue_upload({ id, bytes = new Uint8Array(), headers }) {
      const session = found.one(state.uploads, id);
      if (!/^OAuth /.test(headers.get('authorization') ?? ''))
        throw apiFailure(190, 'Use the scheme OAuth here.', 401);
      if (Number(headers.get('file_offset')) !== session.received.byteLength)
        throw apiFailure(100, 'file_offset does not fit.');
      session.received = Buffer.concat([session.received, bytes]);
      if (session.received.byteLength !== session.length)
        throw apiFailure(2, 'The upload is not complete.', 500);
      return { h: `4::${Buffer.from(id).toString('base64url')}` };
    },
  };
}

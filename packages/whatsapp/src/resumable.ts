import { type CallOptions, CartieError, isCartieError } from '@cartie/core';
import type { CallPath } from './call.ts';
import { invalid, service } from './invalid.ts';
import { maxDownloadBytes, resumableTypes, slowestTransfer } from './limits.ts';
import { type MediaSource, openSource, readSource, typeOfName } from './media-source.ts';

/** Options of `media.uploadResumable`. */
export interface ResumableOptions extends CallOptions {
  /** `image/jpeg`, `image/png`, `application/pdf`, `video/mp4`. @default by the Blob, or by the name's ending */
  type?: string | undefined;
  /** The file's name, as Meta shows it. @default by the path or File */
  name?: string | undefined;
  /** How often a broken upload is taken up again where it broke. @default 3 */
  resumes?: number | undefined;
}

/** Uploads to the app, for a template's sample or a profile picture. */
export interface Resumable {
  /**
   * Uploads a file and gives its handle (`h`), for `example.header_handle` or `profile_picture_handle`. Needs the client's `appId`. An
   * upload that breaks goes on where it broke.
   * @see https://developers.facebook.com/docs/graph-api/guides/upload
   */
  uploadResumable(source: MediaSource, options?: ResumableOptions): Promise<{ handle: string }>;
}

/** Builds the resumable upload. */
export function createResumable(path: CallPath): Resumable {
  const operation = 'continueUpload';
  return {
    async uploadResumable(source, { type: givenType, name: givenName, resumes = 3, ...callOptions } = {}) {
      const opened = openSource(operation, source);
      const name = givenName ?? opened.name ?? 'file';
      const type = givenType ?? opened.type ?? typeOfName(name);
      if (!resumableTypes.some((known) => known === type)) {
        throw invalid(operation, 'type', `must be one of ${resumableTypes.join(', ')}`);
      }
      const bytes = await readSource(operation, opened, maxDownloadBytes);
      const started = await path.call<{ id?: unknown }>(
        'startUpload',
        { query: { file_name: name, file_length: bytes.byteLength, file_type: type } },
        callOptions,
      );
      const id = String(started.data.id);
      let offset = 0;
      for (let attempt = 0; ; attempt++) {
        try {
          const rest = bytes.subarray(offset);
          const { data } = await path.call<{ h?: unknown }>(
            operation,
            {
              id,
              scheme: 'OAuth',
              headers: { file_offset: String(offset), 'content-type': 'application/octet-stream' },
              body: () => rest,
              transferMs: rest.byteLength / slowestTransfer,
            },
            callOptions,
          );
          if (typeof data.h === 'string') return { handle: data.h };
          throw new CartieError('invalid_response', 'The answer has no handle', { service, operation });
        } catch (error) {
          if (attempt >= resumes || !isCartieError(error) || !error.retryable) throw error;
          const where = await path.call<{ file_offset?: unknown }>(
            'getUpload',
            { id, scheme: 'OAuth' },
            callOptions,
          );
          offset = Math.min(bytes.byteLength, Math.max(0, Number(where.data.file_offset) || 0));
        }
      }
    },
  };
}

import { isCartieError } from '@cartie/core';
import type { Calls } from './calls.ts';
import type { Epoch } from './epoch.ts';
import { datacenterOf, failed, invalid, mtprotoFailure } from './errors.ts';
import { limits } from './limits.ts';
import { photoBytes } from './messages.ts';
import { isChannelId, type Peers } from './peers.ts';
import {
  isTl,
  type TlObject,
  type TlValue,
  tlBytes,
  tlLong,
  tlNumber,
  tlObject,
  tlObjects,
  tlText,
} from './tl.ts';
import type { MtprotoMessage } from './types.ts';

/** Options of `download()`. */
export interface DownloadOptions {
  /** A file that is larger is refused. Bytes. @default 52428800 (50 MB) */
  maxBytes?: number | undefined;
  /** Ends it; its `reason` is thrown. */
  signal?: AbortSignal | undefined;
}

/** What downloading needs of the account. */
export interface MediaContext {
  readonly calls: Calls;
  readonly peers: Peers;
  readonly timeoutMs: number;
  /** The data centre of the account itself. */
  home(): Promise<number>;
  /** A connection to another data centre that this account may use. */
  connect(datacenter: number, signal: AbortSignal): Promise<Epoch>;
}

/** The file of a message, part by part: 512 KB at a time, whatever its size. */
export async function* downloadMedia(
  message: MtprotoMessage,
  { maxBytes = 50 * 1024 * 1024, signal = new AbortController().signal }: DownloadOptions,
  context: MediaContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  let file = fileOf(message.raw);
  if (file === undefined) throw invalid('message', 'has no photo and no document', 'download');
  if (file.size > maxBytes) throw tooLarge();
  let isRenewed = false;
  let side: Epoch | undefined;
  try {
    if (file.datacenter !== (await context.home())) side = await context.connect(file.datacenter, signal);
    for (let offset = 0; ; ) {
      let part: TlObject;
      try {
        part = await askPart(file.location, offset, { side, signal, context });
      } catch (error) {
        const elsewhere = datacenterOf(error);
        if (elsewhere !== undefined && side === undefined) {
          side = await context.connect(elsewhere, signal);
          continue;
        }
        if (mtprotoFailure(error)?.kind !== 'file_reference_expired' || isRenewed) throw error;
        isRenewed = true;
        file = fileOf(await messageAgain(message, context, signal)) ?? file;
        continue;
      }
      const bytes = tlBytes(part.bytes);
      if (bytes === undefined) {
        throw failed('rejected', 'Telegram serves this file from a CDN, which this version does not read', {
          operation: 'download',
        });
      }
      offset += bytes.length;
      if (offset > maxBytes) throw tooLarge();
      if (bytes.length > 0) yield bytes;
      if (bytes.length < limits.filePart || (file.size > 0 && offset >= file.size)) return;
    }
  } finally {
    side?.destroy();
  }
}

async function askPart(
  location: TlObject,
  offset: number,
  { side, signal, context }: { side: Epoch | undefined; signal: AbortSignal; context: MediaContext },
): Promise<TlObject> {
  const request = { _: 'upload.getFile', location, offset: BigInt(offset), limit: limits.filePart };
  let answer: TlValue | undefined;
  for (let tries = 0; answer === undefined; tries += 1) {
    try {
      answer = await (side === undefined
        ? context.calls.call(request, { signal })
        : side.ask(request, { timeoutMs: context.timeoutMs, signal }));
    } catch (error) {
      // On the side connection there is no policy below us.
      if (side === undefined || tries >= 2 || !isCartieError(error) || error.code !== 'upstream_error')
        throw error;
    }
  }
  const part = tlObject(answer);
  if (part === undefined)
    throw failed('invalid_response', 'A part of a file makes no sense', { operation: 'download' });
  return part;
}

async function messageAgain(
  { chatId, id }: MtprotoMessage,
  { calls, peers }: MediaContext,
  signal: AbortSignal,
): Promise<TlObject> {
  const ids = [{ _: 'inputMessageID', id }];
  const answer = tlObject(
    await calls.call(
      isChannelId(chatId)
        ? { _: 'channels.getMessages', channel: peers.inputChannel(chatId), id: ids }
        : { _: 'messages.getMessages', id: ids },
      { signal },
    ),
  );
  const found = tlObjects(answer?.messages)[0];
  if (found === undefined)
    throw failed('not_found', 'The message of this file is gone', { operation: 'download' });
  return found;
}

interface FileOfMessage {
  readonly datacenter: number;
  readonly location: TlObject;
  /** 0 where it is not told. */
  readonly size: number;
}

function fileOf(raw: TlObject): FileOfMessage | undefined {
  const media = tlObject(raw.media);
  const photo = tlObject(media?.photo);
  if (isTl(photo, 'photo')) {
    const sizes = [...tlObjects(photo.sizes)].filter(
      ({ _: name }) => name !== 'photoStrippedSize' && name !== 'photoPathSize',
    );
    const largest = sizes.sort((a, b) => photoBytes(b) - photoBytes(a))[0];
    return locationOf(photo, 'inputPhotoFileLocation', {
      thumbSize: tlText(largest?.type) ?? 'y',
      size: largest ? photoBytes(largest) : 0,
    });
  }
  const document = tlObject(media?.document);
  if (!isTl(document, 'document')) return undefined;
  return locationOf(document, 'inputDocumentFileLocation', {
    thumbSize: '',
    size: Number(tlLong(document.size) ?? 0n),
  });
}

function locationOf(
  file: TlObject,
  name: string,
  { thumbSize, size }: { thumbSize: string; size: number },
): FileOfMessage | undefined {
  const { id, accessHash, fileReference } = file;
  const datacenter = tlNumber(file.dcId);
  if (id === undefined || accessHash === undefined || fileReference === undefined || datacenter === undefined)
    return undefined;
  return { datacenter, size, location: { _: name, id, accessHash, fileReference, thumbSize } };
}

function tooLarge(): Error {
  return failed('rejected', 'The file is larger than `maxBytes`', {
    operation: 'download',
    field: 'maxBytes',
  });
}

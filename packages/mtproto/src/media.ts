import { isCartieError } from '@cartie/core';
import type { Calls } from './calls.ts';
import { datacenterOf, failed, invalid, mtprotoFailure } from './errors.ts';
import { limits } from './limits.ts';
import { photoBytes } from './messages.ts';
import { isChannelId, type Peers } from './peers.ts';
import { isTl, type TlObject, tlBytes, tlLong, tlNumber, tlObject, tlObjects, tlText } from './tl.ts';
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
  /** The data centre of the account itself. */
  home(): Promise<number>;
  /** A connection to another data centre that this account may use. */
  connect(datacenter: number, signal: AbortSignal): Promise<SideConnection>;
}

/** A connection to another data centre. */
export interface SideConnection {
  /** They fail once the connection is lost. */
  readonly calls: Calls;
  destroy(): void;
}

/** Connections to another data centre that may be lost one after another, without a part between them. */
const maxLosses = 3;

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
  let losses = 0;
  let { datacenter } = file;
  let side: SideConnection | undefined;
  try {
    if (datacenter !== (await context.home())) side = await context.connect(datacenter, signal);
    for (let offset = 0; ; ) {
      let part: TlObject;
      try {
        part = await askPart(file.location, offset, { calls: side?.calls ?? context.calls, signal });
        losses = 0;
      } catch (error) {
        const elsewhere = datacenterOf(error);
        if (elsewhere !== undefined && side === undefined) {
          datacenter = elsewhere;
          side = await context.connect(datacenter, signal);
          continue;
        }
        if (side !== undefined && isLost(error) && losses < maxLosses) {
          losses += 1;
          side.destroy();
          side = await context.connect(datacenter, signal);
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
  { calls, signal }: { calls: Calls; signal: AbortSignal },
): Promise<TlObject> {
  const request = { _: 'upload.getFile', location, offset: BigInt(offset), limit: limits.filePart };
  const part = tlObject(await calls.call(request, { signal }));
  if (part === undefined)
    throw failed('invalid_response', 'A part of a file makes no sense', { operation: 'download' });
  return part;
}

function isLost(error: unknown): boolean {
  return isCartieError(error) && error.code === 'connection_failed';
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

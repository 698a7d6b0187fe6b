import { badRequest } from './api-failure.ts';
import type { StoredFile } from './files.ts';
import type { MessageContent } from './sending.ts';

/** Numbers and names that a sender gives with a medium. */
export type MediaDetails = Readonly<Record<string, unknown>>;

interface MediaKind {
  /** Folder of its files. */
  readonly folder: string;
  readonly caption: boolean;
  /** May stand in an album. */
  readonly album: boolean;
  content(file: StoredFile, details: MediaDetails): MessageContent;
}

/** How each kind of medium becomes part of a message. The simulated Telegram does not look into files: sizes are what the sender says. */
export const mediaKinds = {
  photo: {
    folder: 'photos',
    caption: true,
    album: true,
    content: (file) => ({
      photo: [{ ...ids(file), width: 800, height: 600 }],
    }),
  },
  video: {
    folder: 'videos',
    caption: true,
    album: true,
    content: (file, details) => ({
      video: { ...named(file, 'video/mp4'), ...size(details, 640, 480), ...length(details) },
    }),
  },
  live_photo: {
    folder: 'videos',
    caption: true,
    album: true,
    content: (file, details) => ({
      live_photo: { ...ids(file), ...size(details, 640, 480), ...length(details) },
    }),
  },
  animation: {
    folder: 'animations',
    caption: true,
    album: false,
    content(file, details) {
      const described = named(file, 'video/mp4');
      return {
        animation: { ...described, ...size(details, 320, 240), ...length(details) },
        document: described,
      };
    },
  },
  audio: {
    folder: 'music',
    caption: true,
    album: true,
    content: (file, details) => ({
      audio: {
        ...named(file, 'audio/mpeg'),
        ...length(details),
        ...text(details, 'performer'),
        ...text(details, 'title'),
      },
    }),
  },
  document: {
    folder: 'documents',
    caption: true,
    album: true,
    content: (file) => ({ document: named(file, 'application/octet-stream') }),
  },
  voice: {
    folder: 'voice',
    caption: true,
    album: false,
    content: (file, details) => ({ voice: { ...ids(file), mime_type: 'audio/ogg', ...length(details) } }),
  },
  video_note: {
    folder: 'video_notes',
    caption: false,
    album: false,
    content: (file, details) => ({
      video_note: { ...ids(file), length: Number(details.length ?? 240), ...length(details) },
    }),
  },
  sticker: {
    folder: 'stickers',
    caption: false,
    album: false,
    content: (file, details) => ({
      sticker: {
        ...ids(file),
        type: 'regular',
        width: 512,
        height: 512,
        is_animated: file.name.endsWith('.tgs'),
        is_video: file.name.endsWith('.webm'),
        ...text(details, 'emoji'),
      },
    }),
  },
} as const satisfies Record<string, MediaKind>;

/** The name of a kind of medium, as in message fields. */
export type MediaName = keyof typeof mediaKinds;

/** Finds a kind by the `type` of an InputMedia. */
export function mediaKind(type: unknown): MediaKind {
  if (typeof type === 'string' && type in mediaKinds) return mediaKinds[type as MediaName];
  throw badRequest("can't parse InputMedia: media type is invalid");
}

function ids(file: StoredFile): Record<string, unknown> {
  return { file_id: file.fileId, file_unique_id: file.fileUniqueId, file_size: file.size };
}

function named(file: StoredFile, type: string): Record<string, unknown> {
  return { file_name: file.name, mime_type: file.type || type, ...ids(file) };
}

function size(details: MediaDetails, width: number, height: number): Record<string, number> {
  return { width: Number(details.width ?? width), height: Number(details.height ?? height) };
}

function length(details: MediaDetails): Record<string, number> {
  return { duration: Number(details.duration ?? 1) };
}

function text(details: MediaDetails, name: string): Record<string, string> {
  const value = details[name];
  return value === undefined || value === '' ? {} : { [name]: String(value) };
}

import { badRequest } from '../api-failure.ts';
import type { MethodRow } from '../call.ts';
import { fileLimits } from '../files.ts';

/** Files that are already there. */
export const fileMethods = {
  getFile: {
    run({ bot, files, params }) {
      const id = params.text('file_id');
      if (id === '') throw badRequest('file_id not specified');
      const file = files.byId(id);
      if (!file) throw badRequest('wrong file_id or the file is temporarily unavailable');
      if (!files.local && file.size > fileLimits.download) throw badRequest('file is too big');
      return {
        file_id: file.fileId,
        file_unique_id: file.fileUniqueId,
        file_size: file.size,
        file_path: files.local ? files.putOnDisk(file, bot.token) : file.path,
      };
    },
  },
  uploadStickerFile: {
    required: ['user_id', 'sticker_format'],
    run({ files, params }) {
      const file = files.input(params, params.values.sticker, 'stickers', 'sticker');
      return {
        file_id: file.fileId,
        file_unique_id: file.fileUniqueId,
        file_size: file.size,
        file_path: file.path,
      };
    },
  },
} as const satisfies Record<string, MethodRow>;

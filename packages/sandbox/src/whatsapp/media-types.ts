import { apiFailure } from './api-failure.ts';

const mb = 1024 * 1024;

/** Types that may be uploaded and their most bytes, from the documentation. */
const limits: readonly { readonly types: RegExp; readonly max: number }[] = [
  { types: /^image\/(jpeg|png)$/, max: 5 * mb },
  { types: /^image\/webp$/, max: 500 * 1024 },
  { types: /^audio\/(aac|amr|mpeg|mp4|ogg)$/, max: 16 * mb },
  { types: /^video\/(mp4|3gpp)$/, max: 16 * mb },
  {
    types:
      /^(text\/plain|application\/(pdf|msword|vnd\.(ms-(excel|powerpoint)|openxmlformats-officedocument\..+)))$/,
    max: 100 * mb,
  },
];

/** Throws for a file that WhatsApp does not take. */
export function checkMedia(partType: string, type: string, size: number): void {
  if (partType !== type)
    throw apiFailure(
      100,
      `Param file must be a file with the type ${type}. Received file of type '${partType}'.`,
    );
  const limit = limits.find(({ types }) => types.test(type));
  if (!limit) throw apiFailure(100, 'Param file must be of a supported type.');
  if (size > limit.max) throw apiFailure(131053, 'The media file size is too big.');
}

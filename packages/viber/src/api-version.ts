import type { ViberButton } from './keyboard-types.ts';
import { apiVersions, type ViberFeature, type ViberLimits } from './limits.ts';
import type { ViberMessage } from './types.ts';

/** The lowest `min_api_version` that a message's own contents need, and the field that needs it. */
export function neededVersion(
  message: ViberMessage,
  replaced: ViberLimits['apiVersions'] = {},
): { version: number; field: string | undefined } {
  let needed: { version: number; field: string | undefined } = { version: 1, field: undefined };
  const need = (feature: ViberFeature, field: string): void => {
    const version = replaced[feature] ?? apiVersions[feature];
    if (version > needed.version) needed = { version, field };
  };
  const { keyboard } = message;
  if (message.type === 'rich_media') {
    need('richMedia', 'rich_media');
    needOfButtons(message.rich_media.Buttons, 'rich_media', need);
  }
  if (keyboard !== undefined) {
    if (keyboard.InputFieldState !== undefined) need('inputFieldState', 'keyboard.InputFieldState');
    needOfButtons(keyboard.Buttons, 'keyboard', need);
  }
  return needed;
}

function needOfButtons(
  buttons: readonly ViberButton[],
  at: string,
  need: (feature: ViberFeature, field: string) => void,
): void {
  for (const [index, button] of buttons.entries()) {
    const field = (name: string): string => `${at}.Buttons[${index}].${name}`;
    if (button.ActionType === 'share-phone') need('sharePhone', field('ActionType'));
    if (button.ActionType === 'location-picker') need('locationPicker', field('ActionType'));
    if (button.Frame !== undefined) need('frame', field('Frame'));
    if (button.Map !== undefined) need('map', field('Map'));
    if (button.TextShouldFit !== undefined) need('textShouldFit', field('TextShouldFit'));
  }
}

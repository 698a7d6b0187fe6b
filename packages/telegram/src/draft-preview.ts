import { isCartieError } from '@cartie/core';
import type { AnyParams, Call } from './call.ts';
import { telegramFailure } from './errors.ts';
import { parseMarkup } from './markup.ts';
import { splitText } from './split-text.ts';
import type { TelegramParams } from './types.ts';

/** What a reader sees of a text that is not ready. */
export interface DraftPreview {
  /** Shows this text as soon as the pace allows; of several that wait only the last is shown. */
  show(text: string): void;
  /** Shows nothing more, once the draft under way has arrived: none may come after the message itself. */
  stop(): Promise<void>;
}

/** How drafts are sent. */
export interface DraftOptions {
  /** Parameters of every draft: `chat_id`, `draft_id`, … */
  params: AnyParams;
  parseMode: TelegramParams<'sendMessage'>['parse_mode'];
  intervalMs: number;
  signal: AbortSignal | undefined;
}

/** A draft vanishes after 30 s: one that did not change is sent again before. Milliseconds. */
const keepMs = 20_000;
/** A preview is not worth waiting for. Milliseconds. */
const deadlineMs = 5_000;

/**
 * Shows drafts, one at a time and never faster than `intervalMs`. A draft that fails is left out: the message is what
 * counts. Where Telegram takes no drafts (a group, a blocked bot) it stops trying.
 */
export function createDraftPreview(call: Call, options: DraftOptions): DraftPreview {
  const { params, parseMode, intervalMs, signal } = options;
  let wanted: string | undefined;
  let shown: string | undefined;
  let nextAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> | undefined;
  let over = false;
  // Each failure doubles the pause: previews must not open the circuit that the message needs.
  let failures = 0;

  function schedule(): void {
    if (over || underWay !== undefined || wanted === undefined) return;
    clearTimeout(timer);
    const earliest = wanted === shown ? nextAt - intervalMs + keepMs : nextAt;
    timer = setTimeout(() => void send(), Math.max(0, earliest - performance.now()));
  }

  function send(): void {
    const text = wanted ?? '';
    const draft = draftOf(text, parseMode);
    nextAt = performance.now() + intervalMs;
    // Markup that is still open cannot be read; the text before it stays in view.
    if (draft === undefined) {
      shown = text;
      schedule();
      return;
    }
    underWay = call('sendMessageDraft', { ...params, ...draft }, { deadlineMs, retries: 0, signal })
      .then(
        () => {
          shown = text;
          failures = 0;
        },
        (error: unknown) => {
          if (telegramFailure(error)?.kind === 'cannot_parse_entities') shown = text;
          else if (isCartieError(error) && error.retryable) {
            failures += 1;
            nextAt = performance.now() + Math.max(intervalMs, error.retryAfterMs ?? 500 * 2 ** failures);
          } else over = true;
        },
      )
      .then(() => {
        underWay = undefined;
        schedule();
      });
  }

  return {
    show(text) {
      wanted = text;
      schedule();
    },
    async stop() {
      over = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}

/** What of a text fits into a draft: its end. */
function draftOf(text: string, parseMode: DraftOptions['parseMode']): AnyParams | undefined {
  const formatted = parseMode === undefined ? { text, entities: [] } : parseMarkup(text, parseMode);
  if (formatted === undefined) return undefined;
  if (formatted.text.trim() === '') return { text: '' };
  const last = splitText(formatted.text, { entities: formatted.entities }).at(-1);
  return last && { text: last.text, ...(last.entities.length > 0 && { entities: last.entities }) };
}

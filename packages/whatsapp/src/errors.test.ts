import { describe, expect, it } from 'vitest';
import { clientOf, failureOf, refusal, startGraph } from '../tests/support.ts';
import { whatsAppFailure } from './index.ts';

const message = { to: '380671234567', type: 'text', text: { body: 'Hello' } } as const;

describe('a code of Meta', () => {
  it.each([
    [190, 'unauthorized', 'auth', false],
    [0, 'unauthorized', 'auth', false],
    [200, 'forbidden', 'auth', false],
    [299, 'forbidden', 'auth', false],
    [4, 'rate_limited', 'wait', true],
    [80007, 'rate_limited', 'wait', true],
    [130429, 'rate_limited', 'retry', true],
    [131056, 'rate_limited', 'retry', true],
    [133016, 'rate_limited', 'wait', true],
    [131048, 'forbidden', 'wait', false],
    [131049, 'rejected', 'wait', false],
    [131050, 'forbidden', 'opt_out', false],
    [368, 'forbidden', 'fix', false],
    [131000, 'upstream_error', 'retry', true],
    [131057, 'upstream_error', 'retry', true],
    [131026, 'rejected', 'give_up', false],
    [131047, 'rejected', 'template', false],
    [131009, 'rejected', 'fix', false],
    [132001, 'rejected', 'fix', false],
    [132015, 'rejected', 'wait', true],
    [138017, 'rejected', 'fix', false],
    [138002, 'rejected', 'wait', true],
    [139102, 'conflict', 'retry', true],
    [999_999, 'rejected', 'fix', false],
  ])('%i is %s: %s', async (code, cartieCode, action, retryable) => {
    await using graph = await startGraph(() => refusal(code));
    const error = await failureOf(clientOf(graph.url).send(message, { retries: 0 }));
    expect(error).toMatchObject({
      code: cartieCode,
      retryable,
      provider: { code, message: 'Details' },
      requestId: 'Atrace1',
    });
    expect(whatsAppFailure(error)).toMatchObject({ action, code });
    expect(whatsAppFailure({ code })).toEqual(whatsAppFailure(error));
  });

  it.each<[string, readonly number[]]>([
    ['auth', [0, 3, 10, 102, 190, 200, 250, 299, 131005]],
    ['wait', [4, 80007, 131048, 131049, 131064, 132015, 132069, 133009, 133015, 133016, 138002, 138005]],
    ['retry', [1, 2, 130429, 131000, 131016, 131056, 131057, 133004, 139102, 139103, 2494100]],
    ['template', [131047]],
    ['opt_out', [131050]],
    ['give_up', [130472, 131026, 131051, 131060]],
    [
      'fix',
      [
        33, 100, 368, 130497, 131008, 131009, 131021, 131030, 131031, 131037, 131042, 131044, 131045, 131052,
        131053, 131062, 131063, 131200, 131299, 132000, 132001, 132005, 132007, 132008, 132012, 132016,
        132068, 133000, 133005, 133006, 133008, 133010, 135000, 137000, 138000, 138018, 139000, 139004,
        139100, 139101, 147001, 147005, 2388012, 2388019, 2388040, 2388047, 2388073, 2388093, 2388103,
        2388293, 2388299, 2494164, 2494179, 2593107, 2593108,
      ],
    ],
  ])('is known, and to be met by «%s»: %j', (action, codes) => {
    for (const code of codes) {
      expect(whatsAppFailure({ code })).toMatchObject({ code, action });
      // What becomes of codes that nobody has heard of.
      expect(whatsAppFailure({ code })?.kind, String(code)).not.toBe('refused');
    }
  });

  it('that came from elsewhere means nothing', () => {
    expect(whatsAppFailure(new Error('x'))).toBeUndefined();
    expect(whatsAppFailure(undefined)).toBeUndefined();
  });
});

describe('an answer that is not Meta’s', () => {
  it.each([
    [{ status: 502, text: '<html>Bad gateway</html>' }, 'upstream_error', 'unknown'],
    [{ status: 200, text: '<html>Welcome</html>' }, 'upstream_error', 'unknown'],
    [{ status: 200, text: '{"messages":[' }, 'invalid_response', 'unknown'],
    [{ status: 404, text: 'nothing' }, 'not_found', 'not_executed'],
    [{ status: 401, text: 'who are you' }, 'unauthorized', 'not_executed'],
    [{ status: 302, headers: { location: 'https://evil.example/' }, text: '' }, 'rejected', 'unknown'],
  ])('%o', async (reply, code, outcome) => {
    await using graph = await startGraph(() => reply as never);
    const error = await failureOf(clientOf(graph.url).send(message, { retries: 0 }));
    expect(error).toMatchObject({ code, outcome });
    expect(graph.received).toHaveLength(1);
  });
});

it('no error shows the token, the recipient or the text', async () => {
  const token = 'EAAtest-token-of-nobody-0123456789';
  await using graph = await startGraph((_, n) =>
    n === 1
      ? 'reset'
      : refusal(
          n === 2 ? 131026 : 2,
          `${token} to 380671234567 at https://graph.facebook.com/?access_token=${token}`,
        ),
  );
  const client = clientOf(graph.url, { appSecret: 'canary-secret-of-the-app' });
  for (let attempt = 0; attempt < 3; attempt++) {
    const error = await failureOf(client.send({ ...message, text: { body: 'canary text' } }, { retries: 0 }));
    const shown = `${JSON.stringify(error)} ${error.message} ${error.stack} ${String(error.cause)}`;
    for (const secret of [token, '380671234567', 'canary'])
      expect(shown.replaceAll('canary.test', '')).not.toContain(secret);
  }
});

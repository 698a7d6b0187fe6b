import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { toNodeListener } from '@cartie/core/node';
import { describe, expect, it } from 'vitest';
import { signed } from '../tests/bodies.ts';
import { decryptFlow, sealFlow } from './flow-crypto.ts';
import { createFlowHandler, decryptFlowMedia, type FlowHandlerOptions } from './index.ts';

const appSecret = 'secret-of-the-app';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function sealed(request: object, to = publicKey): { body: string; open(text: string): unknown } {
  const key = randomBytes(16);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-128-gcm', key, iv);
  const data = Buffer.concat([cipher.update(JSON.stringify(request)), cipher.final(), cipher.getAuthTag()]);
  const wrapped = publicEncrypt(
    { key: to, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    key,
  );
  return {
    body: JSON.stringify({
      encrypted_flow_data: data.toString('base64'),
      encrypted_aes_key: wrapped.toString('base64'),
      initial_vector: iv.toString('base64'),
    }),
    open: (text) =>
      JSON.parse(decryptFlow(Buffer.from(text, 'base64'), key, Buffer.from(iv.map((byte) => ~byte)))),
  };
}

async function ask(
  request: object,
  options: Partial<FlowHandlerOptions> = {},
): Promise<{ status: number; answer: unknown; type: string | null }> {
  const handler = createFlowHandler({
    privateKey: pem,
    appSecret,
    onRequest: () => ({ screen: 'NEXT', data: {} }),
    ...options,
  });
  const { body, open } = sealed(request);
  const response = await handler(
    new Request('http://localhost/flow', { method: 'POST', body, headers: signed(body, appSecret) }),
  );
  const text = await response.text();
  return {
    status: response.status,
    answer: text === '' ? undefined : open(text),
    type: response.headers.get('content-type'),
  };
}

const request = {
  version: '3.0',
  action: 'data_exchange',
  screen: 'START',
  data: { car: 'x5' },
  flow_token: 'token-1',
};

describe('a flow endpoint', () => {
  it('encrypts as Meta’s own example does', () => {
    const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
    const iv = Buffer.from('101112131415161718191a1b1c1d1e1f', 'hex');
    const ping = 'vryB0w/BTee4OvmgkgEf9dnfQfwZb8iWi7yl5iotFMJeuQl749lOptdzv/L1T2V2PA==';
    expect(decryptFlow(Buffer.from(ping, 'base64'), key, iv)).toBe('{"version":"3.0","action":"ping"}');
    expect(sealFlow({ data: { status: 'active' } }, key, iv)).toBe(
      'IHgL0mWXHJ6FDPLH6+aygF5BfT+mPzwvzktiKvlmYpg8eFKqJX/07YVStaI=',
    );
  });

  it('answers with the next screen, as encrypted plain text', async () => {
    const seen: unknown[] = [];
    const { status, answer, type } = await ask(request, {
      onRequest: (flow) => {
        seen.push(flow);
        return {
          screen: 'SUCCESS',
          data: { extension_message_response: { params: { flow_token: flow.flow_token } } },
        };
      },
    });
    expect([status, type]).toEqual([200, 'text/plain']);
    expect(seen).toEqual([request]);
    expect(answer).toEqual({
      screen: 'SUCCESS',
      data: { extension_message_response: { params: { flow_token: 'token-1' } } },
    });
  });

  it('answers health checks and error notices itself', async () => {
    const onRequest = () => {
      throw new Error('not for the app');
    };
    expect((await ask({ version: '3.0', action: 'ping' }, { onRequest })).answer).toEqual({
      data: { status: 'active' },
    });
    const notices: unknown[] = [];
    const notice = {
      ...request,
      data: { error: 'invalid-screen-transition', error_message: 'no such screen' },
    };
    const told = await ask(notice, { onRequest, onErrorNotice: (one) => notices.push(one) });
    expect(told.answer).toEqual({ data: { acknowledged: true } });
    expect(notices).toEqual([
      {
        flow_token: 'token-1',
        screen: 'START',
        error: 'invalid-screen-transition',
        error_message: 'no such screen',
      },
    ]);
  });

  it('says 427 with a text for a token that is of no use any more', async () => {
    const { status, answer } = await ask(request, {
      onRequest: () => ({ invalidFlowToken: 'This order is closed' }),
    });
    expect([status, answer]).toEqual([427, { error_msg: 'This order is closed' }]);
  });

  it('says 500 when the app fails or takes too long', async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    expect((await ask(request, { onError, onRequest: () => Promise.reject(new Error('mine')) })).status).toBe(
      500,
    );
    expect(
      (await ask(request, { onError, timeoutMs: 20, onRequest: () => new Promise(() => undefined) })).status,
    ).toBe(500);
    expect(errors).toMatchObject([{ message: 'mine' }, { code: 'timeout' }]);
  });

  it('says 432 for a bad signature, 421 for a key that it has not, 4xx for the rest', async () => {
    const handler = createFlowHandler({
      privateKey: pem,
      appSecret,
      onRequest: () => ({ screen: 'NEXT', data: {} }),
      maxBodyBytes: 10_000,
    });
    const send = async (body: string, headers = signed(body, appSecret), method = 'POST') =>
      (
        await handler(
          new Request('http://localhost/flow', { method, headers, ...(method === 'POST' && { body }) }),
        )
      ).status;
    expect(await send(sealed(request).body, signed('x', appSecret))).toBe(432);
    expect(await send(sealed(request, other.publicKey).body)).toBe(421);
    const tampered = JSON.parse(sealed(request).body);
    expect(await send(JSON.stringify({ ...tampered, encrypted_flow_data: 'AAAA' }))).toBe(421);
    expect(await send('{}')).toBe(400);
    expect(await send('x'.repeat(10_001))).toBe(413);
    expect(await send('', {} as never, 'GET')).toBe(405);
  });

  it('takes the old key while a new one is being brought in, and works on node:http', async () => {
    const handler = createFlowHandler({
      privateKey: [other.privateKey, privateKey],
      appSecret,
      onRequest: () => ({ screen: 'NEXT', data: {} }),
    });
    const server = createServer(toNodeListener(handler));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { body, open } = sealed(request);
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/flow`, {
      method: 'POST',
      body,
      headers: signed(body, appSecret),
    });
    expect(open(await response.text())).toEqual({ screen: 'NEXT', data: {} });
    server.closeAllConnections();
    server.close();
  });

  it('waits for a body no longer than for the app, and reads no more of it than is allowed', async () => {
    const handler = createFlowHandler({
      privateKey: pem,
      appSecret,
      onRequest: () => ({ screen: 'NEXT', data: {} }),
      timeoutMs: 100,
      maxBodyBytes: 10_000,
    });
    const server = createServer(toNodeListener(handler));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answerTo = async (length: string, body: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`POST /flow HTTP/1.1\r\nhost: localhost\r\n${length}\r\n\r\n${body}`);
      let text = '';
      for await (const chunk of socket.setEncoding('utf8')) text += chunk;
      return text;
    };
    expect(await answerTo('content-length: 1000', 'a part')).toMatch(/^HTTP\/1.1 408 /);
    const chunk = `${(20_000).toString(16)}\r\n${'x'.repeat(20_000)}\r\n`;
    expect(await answerTo('transfer-encoding: chunked', chunk)).toMatch(/^HTTP\/1.1 413 /);
    server.closeAllConnections();
    server.close();
  });

  it('says what to change where a parser has read the body before', async () => {
    const errors: unknown[] = [];
    const listener = toNodeListener(
      createFlowHandler({
        privateKey: pem,
        appSecret,
        onRequest: () => ({ screen: 'NEXT', data: {} }),
        onError: (error) => errors.push(error),
      }),
    );
    const server = createServer(async (incoming, outgoing) => {
      for await (const _ of incoming); // as express.json() does
      await listener(incoming, outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { body } = sealed(request);
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/flow`, {
      method: 'POST',
      body,
      headers: signed(body, appSecret),
    });
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('before any body parser');
    expect(errors).toMatchObject([{ code: 'invalid_config', service: 'whatsapp' }]);
    server.closeAllConnections();
    server.close();
  });

  it.each([
    ['privateKey', { privateKey: 'no key' }],
    ['privateKey', { privateKey: [] }],
    ['appSecret', { appSecret: '' }],
    ['appSecret', { appSecret: 42 }],
    ['onRequest', { onRequest: undefined }],
    ['onErrorNotce', { onErrorNotce: () => undefined }],
    ['timeoutMs', { timeoutMs: '9s' }],
  ])('names %s where it is wrong', (field, options) => {
    expect(() =>
      createFlowHandler({
        privateKey: pem,
        appSecret,
        onRequest: () => ({ screen: 'A', data: {} }),
        ...options,
      } as FlowHandlerOptions),
    ).toThrow(expect.objectContaining({ code: 'invalid_config', field }));
  });
});

describe('a file of a flow', () => {
  const key = randomBytes(32);
  const hmacKey = randomBytes(32);
  const iv = randomBytes(16);
  const plain = Buffer.from('a picture');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const hmac = createHmac('sha256', hmacKey).update(iv).update(encrypted).digest().subarray(0, 10);
  const file = Buffer.concat([encrypted, hmac]);
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');
  const encryption = {
    encryption_key: key.toString('base64'),
    hmac_key: hmacKey.toString('base64'),
    iv: iv.toString('base64'),
    plaintext_hash: hash(plain),
    encrypted_hash: hash(file),
  };

  it('is decrypted', () => {
    expect(Buffer.from(decryptFlowMedia(file, encryption))).toEqual(plain);
  });

  it('that was altered is refused', () => {
    const altered = Buffer.from(file);
    altered[0] = (altered[0] ?? 0) ^ 1;
    expect(() => decryptFlowMedia(altered, encryption)).toThrow(
      expect.objectContaining({ code: 'invalid_response' }),
    );
    expect(() => decryptFlowMedia(altered, { ...encryption, encrypted_hash: hash(altered) })).toThrow(
      expect.objectContaining({ code: 'invalid_response' }),
    );
    expect(() => decryptFlowMedia(file, { ...encryption, plaintext_hash: hash(altered) })).toThrow(
      expect.objectContaining({ code: 'invalid_response' }),
    );
  });
});

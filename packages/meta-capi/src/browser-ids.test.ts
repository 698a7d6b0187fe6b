import { describe, expect, test } from 'vitest';
import { lead } from '../tests/support.ts';
import {
  buildFbc,
  buildFbp,
  chooseClientIp,
  createMetaCapiClient,
  parseBrowserId,
  readVisitor,
} from './index.ts';

const clickId = 'IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk';
const fbc = `fb.1.1554763741205.${clickId}`;
const fbp = 'fb.1.1596403881668.1116446470';

describe('fbc and fbp', () => {
  test('are built as documented', () => {
    expect(buildFbc(clickId, { creationTime: 1554763741205 })).toBe(fbc);
    expect(buildFbp({ creationTime: new Date(1596403881668) })).toMatch(/^fb\.1\.1596403881668\.\d{1,10}$/);
    expect(buildFbp()).not.toBe(buildFbp());
  });

  test.each([
    [fbc, clickId, undefined],
    [`${fbc}.AQ`, clickId, 'AQ'],
    [`${fbc}.AQQCAQMC`, clickId, 'AQQCAQMC'],
  ])('%s is understood, its case kept', (text, value, appendix) => {
    expect(parseBrowserId(text)).toMatchObject({ subdomainIndex: 1, value, appendix });
  });

  test.each(['', 'fb.1.1.2', 'fb.1.1554763741205', `${fbc}.AQQ`, 7, undefined])('%s is none', (text) => {
    expect(parseBrowserId(text)).toBeUndefined();
  });

  test('go out as they came, also where they look strange', () => {
    const client = createMetaCapiClient({ datasetId: '1', accessToken: 'x' });
    for (const value of [fbc, `${fbc}.AQQCAQMC`, 'fb.1.Strange-One']) {
      const { event, warnings } = client.prepare(lead({ user_data: { email: 'a@b.ua', fbc: value } }));
      expect(event.user_data.fbc).toBe(value);
      expect(warnings.length).toBe(value.includes('Strange') ? 1 : 0);
    }
  });
});

describe('a visitor', () => {
  const headers = {
    cookie: `a=1; _fbp=${fbp}; _fbc=${fbc}.AQ`,
    'user-agent': 'Mozilla/5.0',
    'x-forwarded-for': '10.0.0.1, 93.184.216.34',
    referer: `https://cars.example/bmw?fbclid=${clickId}`,
  };

  test('is read from a web Request and from a request of node:http alike, cookies as they are', () => {
    const web = readVisitor(new Request('https://api.example/leads', { headers }), {
      remoteAddress: '127.0.0.1',
    });
    expect(readVisitor({ headers, url: '/leads' }, { remoteAddress: '::ffff:127.0.0.1' })).toEqual(web);
    expect(web).toEqual({
      userData: {
        fbc: `${fbc}.AQ`,
        fbp,
        client_ip_address: '93.184.216.34',
        client_user_agent: 'Mozilla/5.0',
      },
      pageUrl: headers.referer,
      setCookies: [],
    });
  });

  test('who comes by another click gets a new fbc, and cookies to keep', () => {
    const url = '/bmw?utm=1&fbclid=Other_Click-ID';
    const visitor = readVisitor({ headers: { host: 'cars.example', cookie: `_fbc=${fbc}` }, url });
    expect(parseBrowserId(visitor.userData.fbc)?.value).toBe('Other_Click-ID');
    expect(visitor.pageUrl).toBe(`https://cars.example${url}`);
    expect(visitor.setCookies.map((cookie) => cookie.split('=')[0])).toEqual(['_fbc', '_fbp']);
    expect(visitor.setCookies[0]).toMatch(/; Max-Age=7776000; Path=\/; SameSite=Lax$/);
  });

  test('whose click id would break the cookie is read without it', () => {
    for (const id of ['a%3B%20Path%3D%2Fx', '%E0%A4%A', '%0d%0aSet-Cookie:x', 'a.b']) {
      expect(
        readVisitor({ headers: {}, url: `https://x.example/?fbclid=${id}` }).userData.fbc,
      ).toBeUndefined();
    }
  });

  test.each([
    [{ forwardedFor: '93.184.216.34', remoteAddress: '2a06:98c0::1' }, '93.184.216.34'],
    [{ forwardedFor: '93.184.216.34, 2a06:98c0::1', remoteAddress: '10.0.0.1' }, '93.184.216.34'],
    [{ forwardedFor: '10.0.0.7', remoteAddress: '2a02:2378::1' }, '2a02:2378::1'],
    [{ cookie: '93.184.216.34', forwardedFor: '2a02:2378::1' }, '2a02:2378::1'],
    [{ cookie: '2a02:2378::2', forwardedFor: '2a02:2378::1' }, '2a02:2378::2'],
    [{ cookie: '2a02:2378::2.AQQCAQMC' }, '2a02:2378::2'],
    [{ cookie: '93.184.216.34', remoteAddress: '8.8.8.8' }, '93.184.216.34'],
    [{ forwardedFor: '192.168.1.1, unknown, 93.184.216.34:443, 8.8.8.8' }, '93.184.216.34'],
    [{ forwardedFor: '"[2a02:2378::1]:4711"' }, '2a02:2378::1'],
    [{ forwardedFor: 'fe80::1%eth0, ::1, fc00::1', remoteAddress: '::ffff:10.0.0.1' }, undefined],
    [{}, undefined],
  ])('of %j has the address %s', (sources, expected) => {
    expect(chooseClientIp(sources)).toBe(expected);
  });
});

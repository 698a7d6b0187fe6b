import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

export type { Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const isPresent = existsSync(executablePath);

/** Opens a page in a tab of its own, which is closed after the test. */
export type OpenPage = (
  url: string,
  options?: {
    /** @default 1200 */
    width?: number;
    colorScheme?: 'light' | 'dark';
    /** Complaints that the test brings about. @default none */
    expects?: RegExp;
  },
) => Promise<Page>;

/**
 * Tests in Chromium. Whatever a page complains about fails its test: errors, warnings, and requests to any other
 * address than its own. Without Chromium they are skipped, and with `CARTIE_REQUIRE_SERVICES=1` that fails.
 */
export function describeInBrowser(title: string, tests: (open: OpenPage) => void): void {
  const reason = isPresent ? '' : ` (skipped: ${executablePath} is missing; set CHROMIUM_PATH)`;
  if (process.env.CARTIE_REQUIRE_SERVICES === '1') {
    it(`finds a browser for ${title}`, () => expect(isPresent, `${executablePath} is missing`).toBe(true));
  }
  describe.skipIf(!isPresent)(title + reason, () => {
    let browser: Browser;
    const pages: Page[] = [];
    const complaints: string[] = [];

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: quiet });
    });
    afterAll(() => browser?.close());
    tests(async (url, { width = 1_200, colorScheme = 'light', expects } = {}) => {
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      pages.push(page);
      page.setDefaultTimeout(20_000);
      watch(page, new URL(url).origin, (complaint) => {
        if (!expects?.test(complaint)) complaints.push(complaint);
      });
      await page.goto(url);
      return page;
    });
    // Defined last, so that it runs first: pages are closed before what they show.
    afterEach(async () => {
      await Promise.all(pages.splice(0).map((page) => page.close()));
      expect(complaints.splice(0)).toEqual([]);
    });
  });
}

function watch(page: Page, origin: string, complain: (complaint: string) => void): void {
  page.on('pageerror', (error) => complain(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'data:') complain(`asks ${url.origin}`);
  });
}

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

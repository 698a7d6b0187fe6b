import type { Page } from '../../../tests/support/browser.ts';

/** Waits until a page of the sandbox shows what there is: before that nobody is chosen, and its buttons have nothing to act on. */
export async function drawnPage(page: Page): Promise<Page> {
  await page.locator('#calls > *').first().waitFor({ state: 'attached' });
  return page;
}

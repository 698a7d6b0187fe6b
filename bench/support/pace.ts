import { setTimeout } from 'node:timers/promises';

/** Calls `act(i)` `rate` times a second for `seconds`, evenly; what a busy moment delayed is made up for at once. */
export async function pace(rate: number, seconds: number, act: (index: number) => void): Promise<number> {
  const total = Math.round(rate * seconds);
  const start = performance.now();
  for (let done = 0; done < total; await setTimeout(5)) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1_000) * rate) + 1);
    while (done < due) act(done++);
  }
  return total;
}

/** Waits until `check` holds; `false` if it does not within the time. */
export async function until(check: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await setTimeout(100)) {
    if (await check()) return true;
  }
  return await check();
}

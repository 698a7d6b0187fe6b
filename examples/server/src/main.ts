import { existsSync } from 'node:fs';
import { isCartieError } from '@cartie/core';
import { banner } from './banner.ts';
import { loadConfig } from './config.ts';
import { createLog } from './log.ts';
import { type RunningServer, startServer } from './wiring.ts';

if (existsSync('.env')) process.loadEnvFile('.env');

try {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  const server = await startServer(config, log);
  // Who reads the banner may already stop the server.
  stopOnSignal(server, config.stopTimeoutMs);
  console.log(banner(config, server));
  const { message } = await server.crashed;
  console.error(`The server cannot go on, start it again: ${message}`);
  process.exit(1);
} catch (error) {
  console.error(isCartieError(error) ? `The server cannot start:\n\n${error.message}\n` : error);
  process.exitCode = 1;
}

/** The first signal stops in order and in bounded time, the second at once. */
function stopOnSignal(server: RunningServer, timeoutMs: number): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(130);
    stopping = true;
    console.log('Stopping: finishing the work in hand. Once more to stop at once.');
    const forced = setTimeout(() => {
      console.error(
        `Not everything ended within ${timeoutMs} ms. What was in hand is taken up at the next start.`,
      );
      process.exit(1);
    }, timeoutMs);
    await server.stop();
    clearTimeout(forced);
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
}

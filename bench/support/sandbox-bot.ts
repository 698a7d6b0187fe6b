import { type RunningSandbox, type StartOptions, startSandbox } from '@cartie/sandbox';

/** The bot of the reference server. */
export const botToken = '7000000001:AAsandbox-bot-of-the-reference-server';

/** People who write to the bot, numbered from 0. */
export interface Crowd {
  readonly sandbox: RunningSandbox;
  /** Person `index` writes. */
  write(index: number, text: string): void;
  /** The texts that the bot sent, chat by chat. */
  answers(): string[];
}

/** Starts a sandbox with the bot and `size` people. */
export async function startCrowd(size: number, options: StartOptions): Promise<Crowd> {
  const sandbox = await startSandbox(options);
  sandbox.telegram.createBot({ token: botToken, username: 'cartie_demo_bot', name: 'Cartie demo' });
  const people = Array.from({ length: size }, (_, index) =>
    sandbox.telegram.createUser({ first_name: `Person ${index}` }),
  );
  const person = (index: number) => {
    const found = people[index];
    if (!found) throw new RangeError(`there is no person ${index}`);
    return found;
  };
  return {
    sandbox,
    write: (index, text) => void sandbox.telegram.userSends(botToken, { from: person(index), text }),
    answers: () =>
      people
        .flatMap(({ id }) => sandbox.telegram.messages(id))
        .flatMap(({ from, text }) => (from === 'bot' && text !== undefined ? [text] : [])),
  };
}

/** The environment that connects a server to this sandbox. */
export function sandboxEnvironment(sandbox: RunningSandbox): { SANDBOX_URL: string } {
  return { SANDBOX_URL: sandbox.url };
}

import type { HttpHandler } from 'msw';
import { createAutoRia } from './autoria/autoria.ts';
import type { AutoRiaSandbox } from './autoria/public.ts';
import { createClock } from './clock.ts';
import { createFaults, type Faults } from './faults.ts';
import { createLive, type Live } from './live.ts';
import { createMeta } from './meta/meta.ts';
import type { MetaSandbox } from './meta/public.ts';
import type { Provider, ProviderContext } from './provider.ts';
import type { SendPulseOptions, SendPulseSandbox } from './sendpulse/public.ts';
import { createSendPulse } from './sendpulse/sendpulse.ts';
import type { TelegramOptions, TelegramSandbox } from './telegram/public.ts';
import { createTelegram } from './telegram/telegram.ts';
import type { ViberSandbox } from './viber/public.ts';
import { createViber } from './viber/viber.ts';
import type { WhatsAppOptions, WhatsAppSandbox } from './whatsapp/public.ts';
import { createWhatsApp } from './whatsapp/whatsapp.ts';

/** Options of {@link createSandbox}. */
export interface SandboxOptions {
  /**
   * Scales every wait of the simulated providers: resend delays, expiry, flood windows. With 0.01 a minute takes 0.6 s.
   * @default 1
   */
  timeScale?: number | undefined;
  /** Entries that each log keeps: calls, deliveries, messages of all chats together. The oldest go first. @default 10000 */
  history?: number | undefined;
  /** Takes webhooks in process, without a network: your handler. @default webhooks go out over HTTP */
  webhookFetch?: ((request: Request) => Promise<Response>) | undefined;
  /** Telegram's flood windows, and a Bot API server of one's own. */
  telegram?: TelegramOptions | undefined;
  /** WhatsApp's rates. */
  whatsapp?: WhatsAppOptions | undefined;
  /** SendPulse's rates. */
  sendpulse?: SendPulseOptions | undefined;
}

/** Simulated providers with their state, for use in this process. */
export interface Sandbox {
  /** For msw: `setupServer(...sandbox.handlers)`. */
  readonly handlers: HttpHandler[];
  readonly telegram: TelegramSandbox;
  readonly meta: MetaSandbox;
  readonly sendpulse: SendPulseSandbox;
  readonly viber: ViberSandbox;
  readonly whatsapp: WhatsAppSandbox;
  readonly autoria: AutoRiaSandbox;
  readonly faults: Faults;
  /** Forgets everything of every provider, faults too. */
  reset(): void;
  /** Stops deliveries and waits. */
  close(): void;
}

/** A {@link Sandbox} and the parts that its server needs. */
export interface SandboxParts extends Sandbox {
  readonly providers: readonly Provider[];
  /** The control API of each, by name; also of what is no HTTP API. */
  readonly controls: Map<string, Provider['control']>;
  readonly live: Live;
}

/** Simulates the providers in this process: no network, no server. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  return createSandboxParts(options);
}

const optionNames = ['timeScale', 'history', 'webhookFetch', 'telegram', 'whatsapp', 'sendpulse'] as const;

/** A misspelt option would leave a test with another sandbox than it says. */
function checkNames<Options extends object>(
  options: Options | undefined,
  names: readonly (keyof Options & string)[],
  at: string,
): void {
  const unknown = Object.keys(options ?? {}).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${at}${unknown} does not exist: there is ${names.join(', ')}`);
}

/** Builds the sandbox with its inner parts. */
export function createSandboxParts(options: SandboxOptions): SandboxParts {
  checkNames(options, optionNames, '');
  checkNames(options.telegram, ['floodScale', 'localDirectory'], 'telegram.');
  checkNames(options.whatsapp, ['pairBurst', 'rateScale'], 'whatsapp.');
  checkNames(options.sendpulse, ['rateScale'], 'sendpulse.');
  const timeScale = options.timeScale ?? 1;
  const history = options.history ?? 10_000;
  if (!(timeScale > 0)) throw new TypeError('timeScale must be above 0');
  if (!(Number.isInteger(history) && history > 0))
    throw new TypeError('history must be a whole number above 0');
  const clock = createClock(timeScale);
  const live = createLive();
  const faults = createFaults(live);
  const context: ProviderContext = { clock, live, faults, history, webhookFetch: options.webhookFetch };
  const telegram = createTelegram(context, {
    floodScale: options.telegram?.floodScale ?? timeScale,
    localDirectory: options.telegram?.localDirectory,
  });
  const meta = createMeta(context);
  const sendpulse = createSendPulse(context, { rateScale: options.sendpulse?.rateScale ?? timeScale });
  const viber = createViber(context);
  const whatsapp = createWhatsApp(context, {
    pairBurst: options.whatsapp?.pairBurst ?? 45,
    rateScale: options.whatsapp?.rateScale ?? timeScale,
  });
  const autoria = createAutoRia(context);
  // WhatsApp before Meta: both live at one origin, and what is not WhatsApp's it leaves to Meta.
  const providers = [
    ...telegram.providers,
    whatsapp.provider,
    meta.provider,
    viber.provider,
    autoria.provider,
    sendpulse.provider,
  ];
  return {
    handlers: providers.flatMap((provider) => [...provider.handlers]),
    telegram: telegram.sandbox,
    meta: meta.sandbox,
    sendpulse: sendpulse.sandbox,
    viber: viber.sandbox,
    whatsapp: whatsapp.sandbox,
    autoria: autoria.sandbox,
    faults,
    providers,
    controls: new Map(providers.map(({ name, control }) => [name, control])),
    live,
    reset() {
      faults.clear();
      for (const provider of providers) provider.reset();
    },
    close() {
      for (const provider of providers) provider.close();
      clock.clear();
    },
  };
}

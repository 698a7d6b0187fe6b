import type { AccountRecord, StoredLogin } from './account-store.ts';
import type { Calls } from './calls.ts';
import type { Engine } from './engine.ts';
import { datacenterOf, failed, mtprotoFailure } from './errors.ts';
import { codeLogin, codeStep } from './login-code.ts';
import { checkedCode, checkedPassword, checkedPhone } from './login-input.ts';
import { createLoginTurns, type StepTime } from './login-turns.ts';
import type { MtprotoCallOptions } from './options.ts';
import { type TlObject, tlBytes, tlNumber, tlObject, tlObjects, tlText } from './tl.ts';
import type { LoginStep } from './types.ts';
import { shownUser, userOf } from './users.ts';

/** The options of a step: what waits can be ended. */
export type LoginOptions = Pick<MtprotoCallOptions, 'deadlineMs' | 'signal'>;

/**
 * Logs an account in, step by step. Each step gives plain data that tells what the next one is; where a login stands is
 * stored, so another page, or the process after a restart, can go on. Phone, code and password are in no log and no error.
 */
export interface MtprotoLogin {
  /** Where it stands. For a QR code: a new one if the last has expired, and whether it was accepted. */
  current(options?: LoginOptions): Promise<LoginStep>;
  /** Begins: has a code sent to this phone number. @param phone international, like `+380671234567` */
  sendCode(phone: string, options?: LoginOptions): Promise<LoginStep>;
  /** Has the code sent in the next way. */
  resendCode(options?: LoginOptions): Promise<LoginStep>;
  /** A wrong code throws `code_wrong` and can be tried again; after `code_expired` begin anew. */
  submitCode(code: string, options?: LoginOptions): Promise<LoginStep>;
  /** The password of two-step verification. A wrong one throws `password_wrong` and can be tried again. */
  submitPassword(password: string, options?: LoginOptions): Promise<LoginStep>;
  /** Begins: gives what a QR code must say, for a phone that is logged in to scan. Ask `current()` from then on. */
  qr(options?: LoginOptions): Promise<LoginStep>;
  /** Ends a login that is under way. */
  cancel(options?: LoginOptions): Promise<void>;
}

/** What a login needs of the account. */
export interface LoginContext {
  readonly calls: Calls;
  readonly deadlineMs: number;
  /** The application's id and hash. */
  app(): Promise<{ apiId: number; apiHash: string }>;
  engine(): Promise<Engine>;
  read(): Promise<AccountRecord | undefined>;
  change(change: (record: AccountRecord) => AccountRecord): Promise<AccountRecord>;
  /** Connects to this data centre from now on, with a key of its own. */
  moveTo(datacenter: number): Promise<void>;
  /** The login has succeeded. */
  onDone(): void;
  /** It was given up. */
  onEnd(): void;
}

/** How long a connection is kept for a login that nobody goes on with. Milliseconds. */
const idleMs = 15 * 60_000;

/** Makes a {@link MtprotoLogin}, and what tells it of updates. */
export function createLogin(context: LoginContext): MtprotoLogin & { onUpdate(updates: TlObject): void } {
  const { calls } = context;
  let qrStep: Extract<LoginStep, { step: 'qr' }> | undefined;
  let hasNews = false;
  const turns = createLoginTurns({ deadlineMs: context.deadlineMs, idleMs, onIdle: context.onEnd });

  /** Asks; where another data centre has the account, there. */
  async function ask(request: () => Promise<TlObject>, time: StepTime): Promise<TlObject> {
    for (let moves = 0; ; moves += 1) {
      try {
        return objectOf(await calls.call(await request(), { ...time }));
      } catch (error) {
        const datacenter = datacenterOf(error);
        if (datacenter === undefined || moves >= 2) throw error;
        await context.moveTo(datacenter);
      }
    }
  }

  async function stored(step: StoredLogin['step']): Promise<StoredLogin> {
    const login = (await context.read())?.login;
    if (login?.step === step) return login;
    throw failed('conflict', `No login waits for this; current() tells what it waits for`, {
      operation: 'login',
    });
  }

  const note = (login: StoredLogin | undefined): Promise<AccountRecord> =>
    context.change(({ login: _old, ...record }) => ({ ...record, ...(login && { login }) }));

  async function codeSent(sent: TlObject, phone: string): Promise<LoginStep> {
    if (sent._ === 'auth.sentCodeSuccess') return authorized(tlObject(sent.authorization));
    const login = codeLogin(sent, phone);
    await note(login);
    return codeStep(login);
  }

  async function authorized(authorization: TlObject | undefined): Promise<LoginStep> {
    if (authorization?._ === 'auth.authorizationSignUpRequired') {
      await note(undefined);
      context.onEnd();
      throw failed('rejected', 'Telegram refused: the phone number has no account, and none is made here', {
        operation: 'auth.signIn',
        provider: { code: 'PHONE_NUMBER_UNOCCUPIED', subcode: 400 },
      });
    }
    const user = userOf(tlObject(authorization?.user));
    if (user === undefined)
      throw failed('invalid_response', 'Telegram did not tell who has logged in', { retryable: false });
    await context.change(({ login: _login, lost: _lost, ...record }) => ({ ...record, user }));
    qrStep = undefined;
    context.onDone();
    return { step: 'done', user: shownUser(user) };
  }

  /** The next step after something that a password may be asked for. */
  async function orPassword(time: StepTime, work: () => Promise<LoginStep>): Promise<LoginStep> {
    try {
      return await work();
    } catch (error) {
      if (mtprotoFailure(error)?.kind !== 'password_needed') throw error;
      await note({ step: 'password' });
      qrStep = undefined;
      return passwordStep(time);
    }
  }

  async function passwordStep(time: StepTime): Promise<LoginStep> {
    const hint = tlText((await ask(async () => ({ _: 'account.getPassword' }), time)).hint);
    return { step: 'password', ...(hint && { hint }) };
  }

  async function freshQr(time: StepTime): Promise<LoginStep> {
    return orPassword(time, async () => {
      const token = await ask(
        async () => ({ _: 'auth.exportLoginToken', ...(await context.app()), exceptIds: [] }),
        time,
      );
      return afterToken(token, time);
    });
  }

  async function afterToken(token: TlObject, time: StepTime): Promise<LoginStep> {
    hasNews = false;
    if (token._ === 'auth.loginTokenSuccess') return authorized(tlObject(token.authorization));
    const bytes = tlBytes(token.token);
    if (bytes === undefined)
      throw failed('invalid_response', 'Telegram gave no token for a QR code', { retryable: false });
    if (token._ === 'auth.loginTokenMigrateTo') {
      await context.moveTo(tlNumber(token.dcId) ?? 0);
      await note({ step: 'qr' });
      return afterToken(await ask(async () => ({ _: 'auth.importLoginToken', token: bytes }), time), time);
    }
    const url = `tg://login?token=${Buffer.from(bytes).toString('base64url')}`;
    qrStep = { step: 'qr', url, expiresAt: (tlNumber(token.expires) ?? 0) * 1_000 };
    await note({ step: 'qr' });
    return qrStep;
  }

  async function current(time: StepTime): Promise<LoginStep> {
    const record = await context.read();
    if (record?.user !== undefined) return { step: 'done', user: shownUser(record.user) };
    const login = record?.login;
    if (login === undefined) return { step: 'none' };
    if (login.step === 'password') return passwordStep(time);
    if (login.step === 'code') return codeStep(login);
    return qrStep === undefined || hasNews || qrStep.expiresAt <= Date.now() ? freshQr(time) : qrStep;
  }

  return {
    current: (options) => turns.take(options, current),
    sendCode: (phone, options) =>
      turns.take(options, async (time) => {
        const phoneNumber = checkedPhone(phone);
        await refuseIfLoggedIn();
        qrStep = undefined;
        const sent = await ask(
          async () => ({
            _: 'auth.sendCode',
            phoneNumber,
            ...(await context.app()),
            settings: { _: 'codeSettings' },
          }),
          time,
        );
        return codeSent(sent, phoneNumber);
      }),
    resendCode: (options) =>
      turns.take(options, async (time) => {
        const { phone = '', codeHash = '' } = await stored('code');
        const sent = await ask(
          async () => ({ _: 'auth.resendCode', phoneNumber: phone, phoneCodeHash: codeHash }),
          time,
        );
        return codeSent(sent, phone);
      }),
    submitCode: (code, options) =>
      turns.take(options, async (time) => {
        const phoneCode = checkedCode(code);
        const { phone = '', codeHash = '' } = await stored('code');
        const request = { _: 'auth.signIn', phoneNumber: phone, phoneCodeHash: codeHash, phoneCode };
        return orPassword(time, async () => {
          try {
            return await authorized(await ask(async () => request, time));
          } catch (error) {
            const kind = mtprotoFailure(error)?.kind;
            // Nothing that was stored is of use any more.
            if (kind === 'code_expired' || kind === 'sign_up_required') await note(undefined);
            throw error;
          }
        });
      }),
    submitPassword: (password, options) =>
      turns.take(options, async (time) => {
        const given = checkedPassword(password);
        await stored('password');
        const question = await ask(async () => ({ _: 'account.getPassword' }), time);
        const check = await (await context.engine()).passwordCheck(question, given);
        return authorized(await ask(async () => ({ _: 'auth.checkPassword', password: check }), time));
      }),
    qr: (options) =>
      turns.take(options, async (time) => {
        await refuseIfLoggedIn();
        return freshQr(time);
      }),
    cancel: (options) =>
      turns.take(options, async (time) => {
        const login = (await context.read())?.login;
        qrStep = undefined;
        if (login !== undefined) await calls.ready({ ...time });
        if (login?.step === 'code' && login.phone !== undefined && login.codeHash !== undefined) {
          const request = { _: 'auth.cancelCode', phoneNumber: login.phone, phoneCodeHash: login.codeHash };
          // That it has expired already is as good.
          const deadlineMs = Math.min(5_000, time.deadlineMs);
          await calls.call(request, { ...time, deadlineMs, retries: 0 }).catch(() => undefined);
        }
        if (login !== undefined) await note(undefined);
        context.onEnd();
      }),
    onUpdate(updates) {
      const all = updates._ === 'updateShort' ? [tlObject(updates.update)] : tlObjects(updates.updates);
      if (all.some((update) => update?._ === 'updateLoginToken')) {
        hasNews = true;
        // Nobody may be asking: whoever has scanned the code expects something to happen.
        void turns.take(undefined, current).catch(() => undefined);
      }
    },
  };

  async function refuseIfLoggedIn(): Promise<void> {
    if ((await context.read())?.user !== undefined)
      throw failed('conflict', 'The account is logged in already', { operation: 'login' });
  }
}

function objectOf(answer: unknown): TlObject {
  const object = tlObject(answer as TlObject);
  if (object === undefined)
    throw failed('invalid_response', 'An answer of the login makes no sense', { retryable: false });
  return object;
}

import type { Provider, ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { createCars } from './cars.ts';
import { autoRiaControl } from './control.ts';
import { complaint, isGatewayCode, type RiaFailure, refusal } from './failure.ts';
import { autoRiaOrigin, createAutoRiaHandlers } from './handlers.ts';
import { createKeys, type Key } from './keys.ts';
import { createListings } from './listings.ts';
import { createNewCars } from './new-cars.ts';
import type { AutoRiaKeyState, AutoRiaSandbox } from './public.ts';
import type { AutoRiaCallRecord } from './records.ts';
import { createRoutes } from './routes.ts';

const keyStates: readonly AutoRiaKeyState[] = ['valid', 'disabled', 'unauthorized', 'unverified'];

/** Creates the simulated AUTO.RIA and its place among the providers. */
export function createAutoRia(context: ProviderContext): { sandbox: AutoRiaSandbox; provider: Provider } {
  const { clock, live, history } = context;
  const keys = createKeys(clock);
  const cars = createCars(clock.now);
  const listings = createListings(clock);
  const newCars = createNewCars();
  const ignored = new Set<string>();
  const calls = createRingBuffer<AutoRiaCallRecord>(history);
  const refusals: RiaFailure[] = [];

  function keyOf(name: string): Key {
    const key = keys.get(name);
    if (!key) throw new Error('key: the sandbox has no such key; make it with createKey()');
    return key;
  }

  const shown = ({ key, userId }: Key) => ({ key, userId });

  const sandbox: AutoRiaSandbox = {
    apiUrl: autoRiaOrigin,
    createKey: (options) => shown(keys.create(options)),
    keys: () => keys.list().map(shown),
    setKey(name, state) {
      if (!keyStates.includes(state)) throw new TypeError(`state must be one of ${keyStates.join(', ')}`);
      keyOf(name).state = state;
    },
    usage: (name) => keys.usage(keyOf(name)),
    use(name, count) {
      if (!(Number.isInteger(count) && count > 0))
        throw new TypeError('calls must be a whole number above 0');
      keys.use(keyOf(name), count);
    },
    addCar: (car) => cars.add(car),
    setCar(id, changes) {
      const changed = cars.change(id, changes);
      if (!changed) throw new Error('id: there is no such car');
      return changed;
    },
    removeCar(id) {
      if (!cars.remove(id)) throw new Error('id: there is no such car');
    },
    cars: () => cars.all(),
    publish: (id) => listings.publish(id),
    refuseNext(codeOrMessage) {
      refusals.push(isGatewayCode(codeOrMessage) ? refusal(codeOrMessage) : complaint(400, codeOrMessage));
    },
    ignore(parameter) {
      ignored.add(parameter);
    },
    calls: () => calls.items(),
    reset() {
      keys.clear();
      cars.clear();
      listings.clear();
      newCars.clear();
      ignored.clear();
      calls.clear();
      refusals.length = 0;
      live.emit({ provider: 'autoria', type: 'reset' });
    },
  };

  return {
    sandbox,
    provider: {
      name: 'autoria',
      origin: autoRiaOrigin,
      handlers: createAutoRiaHandlers(context, {
        keys,
        routeOf: createRoutes({ clock, cars, listings, newCars, ignored }),
        refused: () => refusals.shift(),
        record(call) {
          calls.push(call);
          live.emit({ provider: 'autoria', type: 'call' });
        },
      }),
      control: autoRiaControl(sandbox),
      reset: () => sandbox.reset(),
      close: () => undefined,
    },
  };
}

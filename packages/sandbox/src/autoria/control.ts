import type { Provider } from '../provider.ts';
import type { AutoRiaKeyOptions, AutoRiaKeyState, AutoRiaSandbox, SandboxCarInput } from './public.ts';

/** The control API of the simulated AUTO.RIA: the functions of {@link AutoRiaSandbox} over JSON. */
export function autoRiaControl(autoria: AutoRiaSandbox): Provider['control'] {
  // Without one the first key is meant: there is mostly one.
  const keyOf = ({ key }: Record<string, unknown>): string => {
    if (typeof key === 'string' && key !== '') return key;
    const first = autoria.keys()[0];
    if (first === undefined) throw new Error('key: there is none yet; POST {} to /_sandbox/autoria/keys');
    return first.key;
  };
  const newest = (items: readonly unknown[], { limit }: Record<string, unknown>): unknown[] =>
    items.slice(-(Number(limit) || 100));
  return {
    reads: {
      keys: () => autoria.keys(),
      usage: (input) => autoria.usage(keyOf(input)),
      cars: (input) => newest(autoria.cars(), input),
      calls: (input) => newest(autoria.calls(), input),
    },
    actions: {
      keys: (input) => autoria.createKey(input as AutoRiaKeyOptions),
      state: (input) => autoria.setKey(keyOf(input), input.state as AutoRiaKeyState),
      use: (input) => autoria.use(keyOf(input), Number(input.calls)),
      cars: (input) => autoria.addCar(input as SandboxCarInput),
      car: ({ id, ...changes }) => autoria.setCar(Number(id), changes as SandboxCarInput),
      remove: ({ id }) => autoria.removeCar(Number(id)),
      publish: ({ id }) => autoria.publish(Number(id)),
      refuse: ({ code }) => autoria.refuseNext(String(code)),
      ignore: ({ parameter }) => autoria.ignore(String(parameter)),
    },
  };
}

import type { ProviderContext } from '../provider.ts';
import type { Delivery } from './delivery.ts';
import type { Fields } from './fields.ts';
import type { Account } from './state.ts';

/** A call that has been let in. */
export interface Input {
  readonly account: Account;
  /** Parts of the path by their names, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Fields;
  /** The JSON body where it is an object. */
  readonly fields: Fields;
  /** The JSON body as it is. */
  readonly body: unknown;
}

/** What routes are built from. */
export interface RouteParts {
  readonly clock: ProviderContext['clock'];
  readonly delivery: Delivery;
  /** What becomes of letters to this address. */
  mailboxOf(email: string): 'accepts' | 'soft_bounces' | 'hard_bounces';
  changed(): void;
}

/** Gives the body of the answer (`undefined` for none), or throws an `ApiFailure`. */
export type Route = (input: Input) => unknown;

/** Routes by method and path: `GET /addressbooks/{id}`. */
export type Routes = Readonly<Record<string, Route>>;

/** A route that fits a request. */
export interface FoundRoute {
  /** As it stands in the table. */
  readonly name: string;
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
}

/** Finds routes; a path without parameters comes before one with them. */
export function createRouter(routes: Routes): (method: string, pathname: string) => FoundRoute | undefined {
  const byMethod = new Map<string, { name: string; route: Route; pattern: RegExp; names: string[] }[]>();
  const parameters = (name: string): number => name.split('{').length;
  for (const [name, route] of Object.entries(routes).sort(([a], [b]) => parameters(a) - parameters(b))) {
    const [method = '', path = ''] = name.split(' ');
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter ?? '');
    const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '([^/]+)')}/?$`);
    byMethod.set(method, [...(byMethod.get(method) ?? []), { name, route, pattern, names }]);
  }
  return (method, pathname) => {
    for (const { name, route, pattern, names } of byMethod.get(method) ?? []) {
      const found = pattern.exec(pathname);
      if (found === null) continue;
      const path = Object.fromEntries(names.map((key, index) => [key, decode(found[index + 1] ?? '')]));
      return { name, route, path };
    }
    return undefined;
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

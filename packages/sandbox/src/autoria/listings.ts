import type { Clock } from '../clock.ts';
import { complaint, refusal } from './failure.ts';

/** A listing of an account's own, in the API's shape. */
interface Listing {
  readonly id: number;
  readonly userId: number;
  fields: Record<string, unknown>;
  state: 'draft' | 'active' | 'archive';
  options: number[];
  filters: { id: number; [field: string]: unknown }[];
  photos: number[];
  /** When it was published; its basics are locked an hour later. */
  publishedAt: number | undefined;
}

/** What one call about listings says. */
export interface ListingCall {
  readonly method: string;
  /** Below `/auto/used/autos`: `[]`, `['ids']`, `['123', 'options', '1,2']`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly userId: number;
}

/** An account's own listings. */
export interface Listings {
  answer(call: ListingCall): unknown;
  /** `GET /auto/fotos/<id>`. */
  photos(id: number): unknown;
  publish(id: number): void;
  clear(): void;
}

/** How long the basics of a listing can be changed. Milliseconds. */
const editWindowMs = 3_600_000;

const required = ['year', 'price', 'categories', 'brand', 'model', 'body', 'mileage', 'region', 'city'];
const lockedFields = [
  'region',
  'categories',
  'brand',
  'model',
  'year',
  'VIN',
  'gearbox',
  'drive',
  'doors',
  'color',
  'fuel',
];
const ok = { message: 'Ok', errors: [], success: true };

/** Creates {@link Listings}. */
export function createListings(clock: Clock): Listings {
  const listings = new Map<number, Listing>();
  let lastId = 20_445_700;

  function own(id: string, userId: number): Listing {
    const listing = listings.get(Number(id));
    if (!listing || listing.userId !== userId) throw refusal('NOT_FOUND');
    return listing;
  }

  function create(body: unknown, userId: number): Record<string, unknown> {
    const fields = objectOf(body);
    const missing = required.filter((name) => fields[name] === undefined);
    if (missing.length > 0)
      throw invalid(missing.map((name) => ({ message: `${name} is required`, code: 1 })));
    lastId += 1;
    listings.set(lastId, {
      id: lastId,
      userId,
      fields,
      state: 'draft',
      options: [],
      filters: [],
      photos: [],
      publishedAt: undefined,
    });
    return {
      ...fields,
      user: { id: userId },
      dates: { created: new Date(clock.now()).toISOString() },
      status: { id: 13 },
      _id: lastId,
    };
  }

  function change(listing: Listing, body: unknown): unknown {
    const changes = objectOf(body);
    const isLocked =
      listing.publishedAt !== undefined && clock.now() - listing.publishedAt > clock.scaled(editWindowMs);
    const refused = isLocked ? Object.keys(changes).filter((name) => lockedFields.includes(name)) : [];
    if (refused.length > 0) {
      throw invalid(refused.map((name) => ({ message: `You can edit ${name} for 60 minutes`, code: 7 })));
    }
    listing.fields = { ...listing.fields, ...changes };
    return ok;
  }

  function shown({ id, userId, fields, state, photos }: Listing): Record<string, unknown> {
    return {
      ...fields,
      _id: id,
      user: { id: userId, type: 'private' },
      status: { id: state === 'draft' ? 13 : 1 },
      moderated: state === 'active',
      ...(photos[0] !== undefined && { photos: { main: { id: photos[0] } } }),
    };
  }

  const idsOf = (userId: number): unknown => {
    const ids = (state: Listing['state']): number[] =>
      [...listings.values()]
        .filter((listing) => listing.userId === userId && listing.state === state)
        .map(({ id }) => id);
    return {
      active: { moderated: ids('active'), notModerated: [] },
      draft: ids('draft'),
      awaitingPayment: [],
      archive: ids('archive'),
    };
  };

  return {
    answer({ method, path, query, body, userId }) {
      const [id = '', part, rest] = path;
      if (id === '' && method === 'POST') return create(body, userId);
      if (id === 'ids' && method === 'GET') return idsOf(userId);
      const listing = own(id, userId);
      switch (`${method} ${part ?? ''}`.trim()) {
        case 'GET':
          return shown(listing);
        case 'PUT':
          return change(listing, body);
        case 'DELETE': {
          const reason = Number(query.get('reason_id'));
          if (!(reason >= 4 && reason <= 7)) throw complaint(400, 'reason_id is not valid');
          listing.state = 'archive';
          return undefined;
        }
        case 'GET statistic':
          return { views: 329, clicks: 24 };
        case 'GET options':
          return listing.options.map((option) => ({ id: option }));
        case 'POST options':
        case 'PUT options':
          listing.options = [...new Set([...listing.options, ...idsIn(body)])];
          return ok;
        case 'DELETE options':
          listing.options = listing.options.filter(
            (option) => !(rest ?? '').split(',').includes(String(option)),
          );
          return undefined;
        case 'GET exchangeFilters':
          return listing.filters;
        case 'POST exchangeFilter':
          lastId += 1;
          listing.filters.push({ ...objectOf(body), id: lastId });
          return ok;
        case 'DELETE exchangeFilter':
          listing.filters = listing.filters.filter((filter) => String(filter.id) !== rest);
          return undefined;
        case 'POST photos': {
          if (rest !== 'upload') throw refusal('NOT_FOUND');
          const { main, links } = objectOf(body);
          const added = [main, ...(Array.isArray(links) ? (links as unknown[]) : [])].filter(
            (link) => typeof link === 'string' && /\.(jpe?g|png)$/i.test(link),
          );
          if (added.length === 0) throw complaint(400, 'No photos');
          listing.photos = [...listing.photos, ...added.map((_, index) => lastId * 10 + index)];
          return { message: 'Ok', errors: [] };
        }
        default:
          throw refusal('NOT_FOUND');
      }
    },
    photos(id) {
      const listing = listings.get(id);
      if (!listing) throw refusal('NOT_FOUND');
      const photo = (photoId: number): [string, unknown] => [
        String(photoId),
        {
          photo_id: photoId,
          auto_id: id,
          status: 0,
          checked: 1,
          url: `auto/photo/${photoId}.jpg`,
          formats: [`https://cdn.riastatic.com/photos/auto/photo/${photoId}f.jpg`],
        },
      ];
      return { status: 1, data: { [id]: Object.fromEntries(listing.photos.map(photo)) } };
    },
    publish(id) {
      const listing = listings.get(id);
      if (!listing) throw new Error('id: there is no such listing; make it through the API');
      listing.state = 'active';
      listing.publishedAt = clock.now();
    },
    clear: () => listings.clear(),
  };
}

// The endpoint wraps the refusal of the one behind it into its own words.
function invalid(errors: readonly { message: string; code: number }[]): unknown {
  const inner = JSON.stringify({ message: 'Validation failed', errors });
  return complaint(400, `StatusCodeError: 400 - ${inner}`);
}

function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw complaint(400, 'The body must be an object');
  }
  return body as Record<string, unknown>;
}

function idsIn(body: unknown): number[] {
  return Array.isArray(body) ? body.map((one) => Number((one as { id?: unknown })?.id)).filter(Boolean) : [];
}

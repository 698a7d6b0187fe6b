/** What a call has to know about an operation. */
interface Operation {
  /** May it be repeated when its outcome is unknown? */
  readonly idempotent: boolean;
  /** The address, after the version. */
  readonly path: (id: string) => string;
}

const events = (id: string): string => `/${id}/events`;

/**
 * Every operation of the Conversions API.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api
 */
export const operations = {
  /** Events that Meta knows again by `event_id`: a repetition counts once. */
  sendEvents: { idempotent: true, path: events },
  /** Meta does not recognise a messaging event that comes twice. */
  sendMessagingEvents: { idempotent: false, path: events },
  /** Gives the dataset of a WhatsApp Business account, Page or Instagram account, and makes one only if there is none. */
  resolveDataset: { idempotent: true, path: (id) => `/${id}/dataset` },
} as const satisfies Record<string, Operation>;

/** The name of an operation, as it is in errors and events. */
export type OperationName = keyof typeof operations;

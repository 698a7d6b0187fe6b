import { z } from 'zod';
import { baseUrl, belongTogether, type OnSandbox } from './variable-types.ts';

/** How the server reaches Meta's Conversions API. */
export type MetaConfig =
  /** A dataset of the sandbox, which needs no account. */
  | { readonly mode: 'sandbox' }
  | {
      readonly mode: 'live';
      readonly datasetId: string;
      readonly accessToken: string;
      readonly appSecret: string | undefined;
      readonly testEventCode: string | undefined;
      /** A gateway or proxy in Meta's place. */
      readonly apiUrl: string | undefined;
    }
  /** A real provider is configured, but not this one: nothing is told to Meta, and the page says so. */
  | { readonly mode: 'off' };

/** The variables of Meta's Conversions API. */
export const metaVariables = {
  META_DATASET_ID: z
    .string()
    .regex(/^\d{5,30}$/, 'must be the id of the dataset (pixel): digits.')
    .optional(),
  META_ACCESS_TOKEN: z
    .string()
    .regex(/^[\w-]{20,}$/, 'must be a token with rights on the dataset, such as EAA….')
    .optional(),
  META_APP_SECRET: z
    .string()
    .regex(/^\w{16,}$/, 'must be the secret of the app that the token belongs to.')
    .optional(),
  META_TEST_EVENT_CODE: z
    .string()
    .regex(/^\w{1,40}$/, 'must be the code that «Test events» shows, such as TEST12345.')
    .optional(),
  META_API_URL: baseUrl(
    'must be the address of your gateway or proxy, such as https://gateway.example.com/capi.',
  ).optional(),
} as const;

type Variables = z.infer<z.ZodObject<typeof metaVariables>>;

/** How Meta is reached: live where there are a dataset and its token. */
export function metaConfig(values: Variables, onSandbox: OnSandbox): MetaConfig {
  const { META_DATASET_ID: datasetId, META_ACCESS_TOKEN: accessToken } = values;
  if (datasetId !== undefined && accessToken !== undefined && !onSandbox.all) {
    return {
      mode: 'live',
      datasetId,
      accessToken,
      appSecret: values.META_APP_SECRET,
      testEventCode: values.META_TEST_EVENT_CODE,
      apiUrl: values.META_API_URL,
    };
  }
  return { mode: onSandbox.others ? 'sandbox' : 'off' };
}

/** What contradicts itself in the variables. */
export function metaProblems(values: Variables): string[] {
  return [
    ...belongTogether(values, ['META_DATASET_ID', 'META_ACCESS_TOKEN']),
    ...(['META_APP_SECRET', 'META_TEST_EVENT_CODE', 'META_API_URL'] as const)
      .filter((name) => values[name] !== undefined && values.META_ACCESS_TOKEN === undefined)
      .map((name) => `${name} needs META_DATASET_ID and META_ACCESS_TOKEN.`),
  ];
}

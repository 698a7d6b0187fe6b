import type { Provider } from '../provider.ts';
import type { BrowserEvent, DatasetOptions, DatasetReference, MetaSandbox, TokenState } from './public.ts';
import type { UsageInput } from './usage.ts';

/** The control API of the simulated Meta: the functions of {@link MetaSandbox} over JSON. A dataset is named by its id. */
export function metaControl(meta: MetaSandbox): Provider['control'] {
  const datasetOf = ({ dataset }: Record<string, unknown>): DatasetReference | undefined =>
    dataset === undefined || dataset === '' ? undefined : String(dataset);
  // Without an id the first dataset is meant: there is mostly one.
  const oneOf = (input: Record<string, unknown>): DatasetReference => {
    const dataset = datasetOf(input) ?? meta.datasets()[0];
    if (dataset === undefined) {
      throw new Error('dataset: there is none yet; POST {} to /_sandbox/meta/datasets');
    }
    return dataset;
  };
  const newest = (items: readonly unknown[], { limit }: Record<string, unknown>): unknown[] =>
    items.slice(-(Number(limit) || 100));
  return {
    reads: {
      datasets: () => meta.datasets(),
      events: (input) => newest(meta.events(datasetOf(input)), input),
      distinct: (input) => newest(meta.distinct(datasetOf(input)), input),
      duplicates: (input) => newest(meta.duplicates(datasetOf(input)), input),
      refusals: (input) => newest(meta.refusals(), input),
      calls: (input) => newest(meta.calls(), input),
      counts: (input) => ({
        distinct: meta.distinct(datasetOf(input)).length,
        duplicates: meta.duplicates(datasetOf(input)).length,
        refusals: meta.refusals().length,
      }),
    },
    actions: {
      datasets: (input) => meta.createDataset(input as DatasetOptions),
      clicks: (input) => ({ ctwa_clid: meta.createClick(oneOf(input)) }),
      token: ({ token, state }) => meta.setToken(String(token), state as TokenState),
      retire: ({ version, servedBy }) =>
        meta.retireVersion(String(version), servedBy === undefined ? undefined : String(servedBy)),
      usage: (input) => meta.setUsage(input as UsageInput),
      discard: ({ count }) => meta.discardNext(Number(count)),
      refuse: ({ eventId, subcode }) =>
        meta.refuse(String(eventId), subcode === undefined ? undefined : Number(subcode)),
      browser: ({ dataset, ...event }) =>
        meta.browserSends(oneOf({ dataset }), event as unknown as BrowserEvent),
    },
  };
}

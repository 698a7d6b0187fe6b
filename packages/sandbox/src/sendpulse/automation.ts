import { missing } from './api-failure.ts';
import { address, phone } from './fields.ts';
import type { RouteParts, Routes } from './routes.ts';

const flow = { id: 1, name: 'Welcome', status: 1 } as const;
const groups = ['main-trigger', 'email', 'push', 'sms', 'messenger', 'filter', 'trigger', 'goal', 'action'];

/** Automation 360: events that start flows, and statistics. @see https://sendpulse.com/integrations/api/automation360 */
export function automationRoutes({ clock, changed }: RouteParts): Routes {
  const known = <T>(id: string | undefined, answer: T): T => {
    if (Number(id) !== flow.id) throw missing.anything();
    return answer;
  };
  return {
    'POST /events/name/{event}': ({ account, path, fields }) => {
      const { email, phone: number, ...rest } = fields;
      if (email === undefined && number === undefined) throw missing.anything();
      account.events.push({
        name: path.event ?? '',
        at: clock.now(),
        ...(email !== undefined && { email: address(email) }),
        ...(number !== undefined && { phone: phone(number) }),
        fields: rest,
      });
      changed();
      return { result: true };
    },
    'GET /a360/autoresponders/list': () => ({ data: [flow] }),
    'GET /a360/autoresponders/{id}': ({ path }) =>
      known(path.id, { autoresponder: flow, starts: 0, flows: [] }),
    'GET /a360/autoresponders/{id}/total-stats': ({ path }) => known(path.id, { started: 0, finished: 0 }),
    'GET /a360/autoresponders/{id}/conversions': ({ path }) => known(path.id, { total_conversions: 0 }),
    ...Object.fromEntries(
      groups.map((group) => [`GET /a360/stats/${group}/{id}/group-stat`, () => ({ total: 0, sent: 0 })]),
    ),
    // Answered by nothing.
    'POST /a360/events/delete-log': ({ account }) => {
      account.events.length = 0;
      return undefined;
    },
  };
}

import type { Clock } from '../clock.ts';
import type { SendPulseEventInput } from './public.ts';
import { newNumber, newToken } from './state.ts';

/** An event as webhooks tell it: the e-mail service writes numbers as texts, SMTP as numbers. */
export function toldEvent(
  { family, event, fields = {} }: SendPulseEventInput,
  clock: Clock,
): Record<string, unknown> {
  switch (family) {
    case 'email':
      return { timestamp: String(clock.seconds()), event, email: 'olena@example.com', ...fields };
    case 'smtp':
      // Bounces are told with the names of the e-mail service.
      if (event.endsWith('_bounces')) {
        return {
          event,
          timestamp: clock.seconds(),
          task_id: newNumber(),
          email: 'olena@example.com',
          ...fields,
        };
      }
      return {
        event,
        timestamp: clock.seconds(),
        message_id: newNumber(),
        recipient: 'olena@example.com',
        sender: 'cars@example.com',
        subject: 'Your car',
        ...fields,
      };
    case 'chatbot':
      return {
        service: 'telegram',
        title: event,
        bot: {
          id: newToken(12),
          name: 'Cars',
          url: 'https://login.sendpulse.com/',
          external_id: newNumber(),
        },
        contact: {
          id: newToken(12),
          name: 'Olena',
          username: 'olena',
          email: null,
          phone: null,
          variables: {},
          tags: [],
          last_message: null,
          photo: null,
        },
        info: event.endsWith('_message') ? { message: { id: newToken(8), text: 'Hello' } } : {},
        date: clock.seconds(),
        ...fields,
      };
  }
}

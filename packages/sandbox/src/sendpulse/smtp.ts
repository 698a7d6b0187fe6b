import { apiFailure, invalidField, missing } from './api-failure.ts';
import { address, dateText, type Fields, fromBase64, isRecord, list, page, text, texts } from './fields.ts';
import type { SendPulseMail } from './public.ts';
import type { Input, RouteParts, Routes } from './routes.ts';
import { newNumber } from './state.ts';
import { toldEvent } from './told-events.ts';

/** Transactional letters. @see https://sendpulse.com/integrations/api/smtp */
export function smtpRoutes({ clock, delivery, mailboxOf, changed }: RouteParts): Routes {
  function send({ account, fields }: Input): object {
    const email = fields.email;
    if (!isRecord(email)) throw invalidField('email', 'missing');
    if (!isRecord(email.from) || email.from.email === undefined) throw apiFailure(400, 10, 'Sender is empty');
    const from = address(email.from.email, 'from.email');
    text(email.from, 'name');
    if (!Array.isArray(email.to) || email.to.length === 0) throw apiFailure(400, 11, 'Recipients are empty');
    const to = recipients(email, 'to');
    if (email.subject === undefined || email.subject === '') throw apiFailure(400, 12, 'Subject is empty');
    const subject = text(email, 'subject');
    const isTemplate = isRecord(email.template);
    if (!isTemplate && email.html === undefined && email.text === undefined)
      throw apiFailure(400, 13, 'Body is empty');
    if (account.balance <= 0) throw apiFailure(400, 707, 'Not enough money');
    for (const [name, content] of Object.entries(
      isRecord(email.attachments_binary) ? email.attachments_binary : {},
    )) {
      fromBase64(content, `attachments_binary.${name}`);
    }
    const id = String(newNumber());
    const mail: SendPulseMail = {
      id,
      at: clock.now(),
      from,
      to,
      subject,
      html: email.html === undefined ? undefined : fromBase64(email.html, 'html'),
      text: email.text === undefined ? undefined : String(email.text),
      email,
    };
    account.mails.set(id, mail);
    for (const recipient of [...to, ...recipients(email, 'cc'), ...recipients(email, 'bcc')]) {
      const state = account.unsubscribed.has(recipient) ? 'undelivered' : mailboxOf(recipient);
      const isBounce = state === 'soft_bounces' || state === 'hard_bounces';
      const answer = {
        smtp_server_response_code: state === 'accepts' ? '250' : '550',
        smtp_server_response_subcode: '',
        smtp_server_response: state === 'accepts' ? 'OK' : 'No such mailbox',
      };
      const event = state === 'accepts' ? 'delivered' : state;
      const told = isBounce
        ? { task_id: Number(id), email: recipient }
        : { message_id: Number(id), recipient, sender: from, subject };
      delivery.push(
        account,
        'smtp',
        toldEvent({ family: 'smtp', event, fields: { ...told, ...answer } }, clock),
      );
    }
    changed();
    return { result: true, id };
  }

  return {
    'POST /smtp/emails': send,
    'GET /smtp/emails': ({ account, query }) =>
      page(
        [...account.mails.values()].filter(
          ({ from, to }) =>
            (query.sender === undefined || query.sender === from) &&
            (query.recipient === undefined || to.includes(String(query.recipient))),
        ),
        query,
      ).map(shown),
    'GET /smtp/emails/total': ({ account }) => ({ total: account.mails.size }),
    'GET /smtp/emails/{id}': ({ account, path }) => {
      const mail = account.mails.get(path.id ?? '');
      if (mail === undefined) throw apiFailure(404, 14, 'Email not found');
      return shown(mail);
    },
    'POST /smtp/emails/info': ({ account, fields }) =>
      texts(fields, 'emails', 500).flatMap((id) => {
        const mail = account.mails.get(id);
        return mail === undefined ? [] : [shown(mail)];
      }),
    'GET /smtp/bounces/day': ({ account, query }) => {
      const bounced = [...account.mails.values()].filter(({ to }) =>
        to.some((one) => mailboxOf(one) !== 'accepts'),
      );
      return {
        total: bounced.length,
        emails: page(bounced, query).map((mail) => ({
          email_to: mail.to[0],
          sender: mail.from,
          send_date: dateText(mail.at),
          subject: mail.subject,
          smtp_answer_code: 550,
          smtp_answer_subcode: '5.1.1',
          smtp_answer_data: 'No such mailbox',
        })),
        request_limit: 100,
        found: bounced.length,
      };
    },
    'GET /smtp/bounces/day/total': ({ account }) => ({
      total: [...account.mails.values()].filter(({ to }) => to.some((one) => mailboxOf(one) !== 'accepts'))
        .length,
    }),
    'POST /smtp/unsubscribe': ({ account, body }) => {
      for (const item of list({ emails: body }, 'emails')) {
        if (!isRecord(item)) throw invalidField('emails', 'is invalid');
        account.unsubscribed.set(address(item.email), {
          comment: item.comment === undefined ? '' : String(item.comment),
          date: dateText(clock.now()),
        });
      }
      return { result: true };
    },
    'DELETE /smtp/unsubscribe': ({ account, body }) => {
      for (const email of texts({ emails: body }, 'emails')) account.unsubscribed.delete(email.toLowerCase());
      return { result: true };
    },
    'GET /smtp/unsubscribe': ({ account, query }) =>
      page([...account.unsubscribed], query).map(([email, { date }]) => ({
        email,
        unsubscribe_by_link: 0,
        unsubscribe_by_user: 1,
        spam_complaint: 0,
        date,
      })),
    'GET /smtp/unsubscribe/search': ({ account, query }) => ({
      result: account.unsubscribed.has(address(query.email)),
    }),
    'POST /smtp/resubscribe': ({ account, fields }) => {
      if (!account.unsubscribed.has(address(fields.email))) throw missing.anything();
      address(fields.sender, 'sender');
      return { result: true, id: String(newNumber()) };
    },
    'GET /smtp/ips': () => ['192.0.2.10'],
    'GET /smtp/senders': ({ account }) => [...account.senders.keys()],
    'GET /v2/email-service/smtp/sender_domains': ({ account }) => ({
      data: {
        result: true,
        data: [...account.domains].map(([domain, id]) => ({
          id,
          user_id: account.id,
          service_type: 1,
          service_value: domain,
          status: 1,
          is_default: false,
          ssl_type: 0,
          checks: { all_checks: true },
        })),
      },
    }),
    'POST /v2/email-service/smtp/sender_domains/{domain}': ({ account, path }) => {
      account.domains.set(path.domain ?? '', newNumber());
      return { data: { result: true } };
    },
  };
}

function recipients(email: Fields, name: 'to' | 'cc' | 'bcc'): string[] {
  const given = email[name];
  if (given === undefined) return [];
  return list(email, name).map((item) => address(isRecord(item) ? item.email : undefined, name));
}

function shown({ id, at, from, to, subject }: SendPulseMail): Record<string, unknown> {
  return {
    id,
    sender: from,
    total_size: 1_024,
    sender_ip: '192.0.2.10',
    smtp_answer_code: 250,
    smtp_answer_subcode: '0',
    smtp_answer_data: 'OK',
    used_ip: '192.0.2.10',
    recipient: to[0] ?? null,
    subject,
    send_date: dateText(at),
    tracking: { click: 0, open: 0, link: [], client_info: [] },
  };
}

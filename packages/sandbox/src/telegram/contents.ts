import { badRequest } from './api-failure.ts';
import type { Call } from './call.ts';
import { readCaption, readFormatted } from './formatted-text.ts';
import { type MediaName, mediaKinds } from './media.ts';
import { createParams, isRecord } from './params.ts';
import type { MessageContent } from './sending.ts';

/** The content of `sendPhoto`, `sendDocument` …: a file and its caption. */
export function mediaContent(name: MediaName): (call: Call) => MessageContent {
  const kind = mediaKinds[name];
  return ({ files, params }) => {
    const file = files.input(params, params.values[name], kind.folder, name);
    return {
      ...kind.content(file, params.values),
      ...(kind.caption && readCaption(params)),
      ...(params.boolean('has_spoiler') && { has_media_spoiler: true }),
      ...(params.boolean('show_caption_above_media') && { show_caption_above_media: true }),
    };
  };
}

/** A point on the map. */
export function locationContent({ params }: Pick<Call, 'params'>): { location: Record<string, number> } {
  const latitude = params.number('latitude');
  const longitude = params.number('longitude');
  if (Number.isNaN(latitude)) throw badRequest('latitude is empty');
  if (Number.isNaN(longitude)) throw badRequest('longitude is empty');
  const location: Record<string, number> = { latitude, longitude };
  for (const name of ['horizontal_accuracy', 'live_period', 'heading', 'proximity_alert_radius']) {
    const value = params.number(name);
    if (!Number.isNaN(value)) location[name] = value;
  }
  return { location };
}

/** A place with a name. */
export function venueContent(call: Call): MessageContent {
  const { params } = call;
  const { location } = locationContent(call);
  return { venue: { location, title: params.text('title'), address: params.text('address') }, location };
}

/** A phone number with a name. */
export function contactContent({ params }: Call): MessageContent {
  const contact: Record<string, unknown> = {
    phone_number: params.text('phone_number'),
    first_name: params.text('first_name'),
  };
  for (const name of ['last_name', 'vcard']) if (params.has(name)) contact[name] = params.text(name);
  return { contact };
}

/** A question with options. */
export function pollContent({ params, state }: Call): MessageContent {
  const question = readFormatted(params, 'question', 'question_entities', 'question_parse_mode');
  if (question.text === '') throw badRequest('poll question must be non-empty');
  if (question.text.length > 300) throw badRequest('poll question length must not exceed 300');
  const options = (params.array('options') ?? []).map((option) => ({
    text: isRecord(option) ? String(option.text ?? '') : String(option),
  }));
  if (options.length < 1) throw badRequest('poll must have at least 1 option');
  if (options.length > 12) throw badRequest("poll can't have more than 12 options");
  if (options.some((option) => option.text === '')) throw badRequest('poll options must be non-empty');
  if (options.some((option) => option.text.length > 100)) {
    throw badRequest('poll options length must not exceed 100');
  }
  const type = params.text('type') || 'regular';
  if (type !== 'regular' && type !== 'quiz') throw badRequest('Unsupported poll type specified');
  const correct =
    params.array('correct_option_ids') ??
    (params.has('correct_option_id') ? [params.integer('correct_option_id')] : []);
  if (type === 'quiz' && correct.length === 0) throw badRequest('quiz must have at least one correct answer');
  state.ids.query += 1;
  return {
    poll: {
      id: String(5_000_000_000_000_000_000n + BigInt(state.ids.query)),
      question: question.text,
      ...(question.entities.length > 0 && { question_entities: question.entities }),
      options: options.map((option, index) => ({ persistent_id: String(index), ...option, voter_count: 0 })),
      total_voter_count: 0,
      is_closed: params.boolean('is_closed'),
      is_anonymous: !params.has('is_anonymous') || params.boolean('is_anonymous'),
      type,
      allows_multiple_answers: params.boolean('allows_multiple_answers'),
      allows_revoting: params.boolean('allows_revoting'),
      members_only: params.boolean('members_only'),
      ...(correct.length > 0 && { correct_option_ids: correct.map(Number) }),
      ...(params.has('explanation') && { explanation: params.text('explanation') }),
    },
  };
}

/** Tasks to tick off. */
export function checklistContent({ params }: Call): MessageContent {
  const checklist = params.object('checklist', 'InputChecklist');
  if (!checklist) throw badRequest('parameter "checklist" is required');
  const tasks = checklist.tasks;
  if (!Array.isArray(tasks)) throw badRequest('expected an Array of InputChecklistTask');
  const { text: title } = readFormatted(createParams(checklist), 'title', 'title_entities');
  return {
    checklist: {
      title,
      tasks: tasks.filter(isRecord).map((task) => ({ id: Number(task.id), text: String(task.text ?? '') })),
      ...(checklist.others_can_add_tasks === true && { others_can_add_tasks: true }),
      ...(checklist.others_can_mark_tasks_as_done === true && { others_can_mark_tasks_as_done: true }),
    },
  };
}

const diceFaces: Readonly<Record<string, number>> = { '🎲': 6, '🎯': 6, '🎳': 6, '🏀': 5, '⚽': 5, '🎰': 64 };

/** A die; its value is really random. */
export function diceContent({ params }: Call): MessageContent {
  const emoji = params.text('emoji') || '🎲';
  const faces = diceFaces[emoji];
  if (!faces) throw badRequest('DICE_EMOJI_INVALID');
  return { dice: { emoji, value: 1 + Math.floor(Math.random() * faces) } };
}

/** An offer to pay. */
export function invoiceContent({ params }: Call): MessageContent {
  const prices = params.array('prices') ?? [];
  if (prices.length === 0) throw badRequest('there must be at least one price');
  const total = prices.filter(isRecord).reduce((sum, price) => sum + Number(price.amount), 0);
  const currency = params.text('currency');
  if (!/^[A-Z]{3}$/.test(currency)) throw badRequest('CURRENCY_INVALID');
  if (!Number.isSafeInteger(total) || total <= 0) throw badRequest('CURRENCY_TOTAL_AMOUNT_INVALID');
  return {
    invoice: {
      title: params.text('title'),
      description: params.text('description'),
      start_parameter: params.text('start_parameter'),
      currency,
      total_amount: total,
    },
  };
}

/** A rich message. Its blocks are kept as they were given; text forms become one paragraph. */
export function richContent({ params }: Call): MessageContent {
  const rich = params.object('rich_message', 'InputRichMessage');
  const text = rich?.html ?? rich?.markdown;
  const blocks = Array.isArray(rich?.blocks)
    ? rich.blocks
    : text === undefined
      ? []
      : [{ type: 'paragraph', text: String(text) }];
  if (blocks.length === 0) throw badRequest('message text is empty');
  return { rich_message: { blocks, ...(rich?.is_rtl === true && { is_rtl: true }) } };
}

/** Media that are shown after a payment in Stars. */
export function paidMediaContent({ params, files }: Call): MessageContent {
  const media = params.array('media', 'paid media') ?? [];
  const stars = params.integer('star_count');
  if (media.length < 1 || media.length > 10) throw badRequest('invalid number of paid media specified');
  if (stars < 1) throw badRequest('invalid media price specified');
  return {
    paid_media: {
      star_count: stars,
      paid_media: media.filter(isRecord).map((item) => {
        const name = item.type === 'video' ? 'video' : 'photo';
        const file = files.input(params, item.media, mediaKinds[name].folder);
        return { type: name, ...mediaKinds[name].content(file, item) };
      }),
    },
    ...readCaption(params),
  };
}

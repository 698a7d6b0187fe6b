import type { MetaEvent } from '@cartie/meta-capi';
import { type Car, findCar } from './cars.ts';
import type { Lead } from './leads.ts';

/** What Meta is told when somebody asks for a car. The browser's pixel may report it too, with the form's id as `eventID`. */
export function leadEvent(lead: Lead): MetaEvent {
  const car = findCar(lead.car);
  return {
    event_name: 'Lead',
    event_id: lead.id,
    event_time: Math.floor(lead.createdAt / 1_000),
    action_source: lead.source === 'form' ? 'website' : 'chat',
    event_source_url: lead.visitor.page,
    user_data: person(lead),
    custom_data: car && { ...vehicle(car), value: car.price, currency: car.currency },
  };
}

/** What Meta is told when they buy it: at the yard, whichever way they came. */
export function saleEvent(lead: Lead & { price: number; currency: string; soldAt: number }): MetaEvent {
  const car = findCar(lead.car);
  return {
    event_name: 'Purchase',
    event_id: `sale-${lead.id}`,
    event_time: Math.floor(lead.soldAt / 1_000),
    action_source: 'physical_store',
    user_data: person(lead),
    custom_data: {
      ...(car && vehicle(car)),
      value: lead.price,
      currency: lead.currency,
      order_id: lead.id,
    },
  };
}

// The same id of ours in both events lets Meta know that they are of one person.
function person({ id, name, phone, email, visitor }: Lead): MetaEvent['user_data'] {
  const [firstName, ...rest] = name.trim().split(/\s+/);
  return {
    email,
    phone,
    firstName,
    lastName: rest.join(' '),
    externalId: id,
    fbc: visitor.fbc,
    fbp: visitor.fbp,
    clientIpAddress: visitor.ipAddress,
    clientUserAgent: visitor.userAgent,
  };
}

function vehicle({ id, title, make, model, year }: Car): Record<string, unknown> {
  return {
    content_type: 'vehicle',
    content_ids: [id],
    content_name: title,
    make,
    model,
    year,
    state_of_vehicle: 'Used',
  };
}

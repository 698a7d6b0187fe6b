import { icons } from './icons.js';
import { html, nothing } from './lit-html/lit-html.js';
import { button, emptyState, external, loading, panel, tiles } from './parts.js';
import { state } from './state.js';
import { chooseBrand, loadBrands, openValuation, valueCar } from './valuation.js';
import { money, plural } from './words.js';

/** What a car is worth, by AUTO.RIA. */
export function valuationView() {
  const { valuation, integrations } = state;
  if (integrations === undefined) return loading();
  const isOff = integrations.autoria === undefined || integrations.autoria.status === 'not_configured';
  if (!isOff) queueMicrotask(openValuation);
  return panel(
    {
      title: 'Evaluate a car',
      text: 'What such cars cost on AUTO.RIA now. Each question spends up to seven calls of the quota.',
      more: html`<div class="actions">${external('https://auto.ria.com', 'Data of AUTO.RIA')}</div>`,
    },
    isOff
      ? emptyState({
          icon: icons.valuation,
          title: 'AUTO.RIA is not configured',
          text: 'Set AUTORIA_API_KEY and start the server again.',
        })
      : html`${form(valuation)} ${valuation.error ? failure(valuation) : nothing}
          ${valuation.result ? resultView(valuation.result) : nothing}`,
  );
}

const failure = ({ error, brands }) => html`
  <p class="is-error" role="alert">${error}</p>
  ${brands === undefined ? html`<div class="actions">${button('Try again', loadBrands)}</div>` : nothing}`;

function form({ brands, models, brand }) {
  const submit = async (event) => {
    event.preventDefault();
    const { elements } = event.currentTarget;
    const numberOf = (name) => (elements[name].value === '' ? undefined : Number(elements[name].value));
    elements.submit.disabled = true;
    try {
      await valueCar({
        brand: numberOf('brand'),
        model: numberOf('model'),
        yearFrom: numberOf('yearFrom'),
        yearTo: numberOf('yearTo'),
        mileageTo: numberOf('mileageTo'),
      });
    } finally {
      elements.submit.disabled = false;
    }
  };
  const option = ({ value, name }) => html`<option value=${value}>${name}</option>`;
  return html`
    <form class="fields" aria-label="Car" @submit=${submit}>
      <label>Brand
        <select name="brand" required ?disabled=${brands === undefined} @change=${(event) => chooseBrand(Number(event.target.value))}>
          <option value="">Choose</option>
          ${(brands ?? []).map(option)}
        </select>
      </label>
      <label>Model
        <select name="model" required ?disabled=${!brand || models === undefined}>
          <option value="">Choose</option>
          ${(models ?? []).map(option)}
        </select>
      </label>
      <label>From year <input name="yearFrom" type="number" min="1900" max="2100" /></label>
      <label>To year <input name="yearTo" type="number" min="1900" max="2100" /></label>
      <label>At most, km <input name="mileageTo" type="number" min="1000" max="2000000" step="1000" /></label>
      <button class="button primary" name="submit" type="submit">Evaluate</button>
    </form>`;
}

function resultView({ average, count, ignored, cars, quota, cutShort }) {
  return html`
    <div aria-label="Valuation" role="region">
      ${
        average === null
          ? html`<p class="rest">AUTO.RIA has too few such cars for an average.</p>`
          : tiles(
              { name: 'Median', value: dollars(average.median) },
              { name: 'Average', value: dollars(average.mean) },
              {
                name: 'Half of them between',
                value: `${dollars(average.low)} – ${dollars(average.high)}`,
              },
              { name: 'Counted', value: average.total },
            )
      }
      ${ignored.length > 0 ? html`<p class="rest" role="alert">AUTO.RIA ignored: ${ignored.join(', ')}. The cars below are of another search.</p>` : nothing}
      ${cutShort ? html`<p class="rest" role="alert">${cutShort}</p>` : nothing}
      <h2 class="group">${plural(count, 'car')} for sale, the cheapest first</h2>
      <ul class="rows">${cars.map(carRow)}</ul>
      ${quota ? html`<p class="rest">${plural(quota.hour.remaining, 'call')} left this hour, ${quota.month.remaining.toLocaleString()} this month.</p>` : nothing}
    </div>`;
}

const carRow = ({ title, year, price, mileageKm, fuel, city, url }) => html`
  <li class="row">
    <div class="row-text">
      <p class="row-title">${[title ?? 'A car', year].filter(Boolean).join(', ')} <strong>${dollars(price)}</strong></p>
      <p class="row-reason">
        ${[mileageKm === null ? undefined : `${mileageKm.toLocaleString()} km`, fuel, city].filter(Boolean).join(' · ')}
      </p>
    </div>
    <div class="actions">${url ? external(url, 'On AUTO.RIA') : nothing}</div>
  </li>`;

const dollars = (value) => (value === null ? '–' : money(Math.round(value), 'USD'));

// The demo shop: shows a car, keeps the cookies that Meta's pixel would keep, and sends the form.

const find = (id) => document.getElementById(id);
const [car] = await (await fetch('/demo/cars.json')).json();

const price = new Intl.NumberFormat(undefined, {
  style: 'currency',
  currency: car.currency,
  maximumFractionDigits: 0,
});
find('title').textContent = `${car.title}, ${car.year}`;
find('price').textContent = price.format(car.price);
for (const [name, value] of [
  ['Mileage', `${car.mileageKm.toLocaleString()} km`],
  ['Fuel', car.fuel],
  ['Transmission', car.transmission],
]) {
  const fact = document.createElement('div');
  fact.append(
    Object.assign(document.createElement('dt'), { textContent: name }),
    Object.assign(document.createElement('dd'), { textContent: value }),
  );
  find('facts').append(fact);
}

keepCookies();

/** As the pixel does: `_fbp` names the browser, `_fbc` the click on an ad that led here (`?fbclid=…`). */
function keepCookies() {
  const known = new Map(document.cookie.split('; ').map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  const keep = (name, value) => {
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie store is not in every browser.
    document.cookie = `${name}=${value}; path=/; max-age=${90 * 86_400}; samesite=lax`;
  };
  const [number] = crypto.getRandomValues(new Uint32Array(1));
  if (!known.has('_fbp')) keep('_fbp', `fb.0.${Date.now()}.${number % 2 ** 31}`);
  const clickId = new URLSearchParams(location.search).get('fbclid');
  if (clickId && known.get('_fbc')?.split('.')[3] !== clickId) keep('_fbc', `fb.0.${Date.now()}.${clickId}`);
}

// One id for one enquiry: sent again after a broken connection it is the same lead.
let id = crypto.randomUUID();

find('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector('button');
  button.disabled = true;
  const say = (text, isGood) => {
    find('answer').textContent = text;
    find('answer').dataset.good = String(isGood);
  };
  try {
    const given = Object.fromEntries(new FormData(form));
    const response = await fetch('/api/leads', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...given, id, car: car.id, page: location.href }),
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error ?? 'This did not work. Please send it again later.');
    form.reset();
    id = crypto.randomUUID();
    say('Thank you. We will call you soon.', true);
  } catch (error) {
    say(error instanceof TypeError ? 'The connection broke. Please send it again.' : error.message, false);
  } finally {
    button.disabled = false;
  }
});

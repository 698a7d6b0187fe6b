/** A car that is for sale. */
export interface Car {
  readonly id: string;
  readonly title: string;
  readonly make: string;
  readonly model: string;
  readonly year: number;
  readonly mileageKm: number;
  readonly fuel: string;
  readonly transmission: string;
  readonly price: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** The shop window: the place for your own stock. A visitor names a car by its id, so that nobody else sets its price. */
export const cars: readonly Car[] = [
  {
    id: 'golf-2019',
    title: 'Volkswagen Golf 1.5 TSI',
    make: 'Volkswagen',
    model: 'Golf',
    year: 2019,
    mileageKm: 68_000,
    fuel: 'Petrol',
    transmission: 'Automatic',
    price: 16_900,
    currency: 'USD',
  },
];

/** The car with this id, if it is for sale. */
export function findCar(id: string | null | undefined): Car | undefined {
  return cars.find((car) => car.id === id);
}

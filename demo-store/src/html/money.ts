/** 28 EUR → "€28.00". The browser's scripts format with the same call. */
export function money(amount: number, currency: string): string {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency }).format(amount);
}

/**
 * The chance that a chi-square value of this many degrees of freedom is at least `value`, if nothing but chance is at work: the regularised upper incomplete
 * gamma function Q(degrees / 2, value / 2), by its series below the mean and by its continued fraction above (NIST DLMF 8.11.4 and 8.9.2).
 */
export function chiSquareTail(value: number, degrees: number): number {
  const a = degrees / 2;
  const x = value / 2;
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGammaOfHalf(degrees));
  return x < a + 1 ? 1 - scale * series(a, x) : scale * fraction(a, x);
}

const ENOUGH = 1e-14;

function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; Math.abs(term) > sum * ENOUGH; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** Lentz's way of working out a continued fraction. */
function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let result = d;
  for (let n = 1; n < 1000; n += 1) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    result *= c * d;
    if (Math.abs(c * d - 1) < ENOUGH) break;
  }
  return result;
}

/** ln gamma(n / 2), by gamma(z + 1) = z gamma(z) down to gamma(1) = 1 or gamma(1/2) = sqrt(pi). */
function logGammaOfHalf(n: number): number {
  let sum = n % 2 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let z = n / 2 - 1; z > 0; z -= 1) sum += Math.log(z);
  return sum;
}

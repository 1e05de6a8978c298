// Loaded before the tests in every process of a drill: property tests try many more cases unless they name a number.
import fc from "fast-check";

fc.configureGlobal({ numRuns: Number(process.env["HOLDFAST_DRILL_CASES"] ?? 5000) });

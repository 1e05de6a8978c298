/**
 * A small excerpt of the http-state cookie vectors (web-platform-tests/wpt, cookies/http-state, 3-clause BSD, from the work of the
 * IETF httpstate group): names and values that browsers are required to send back as they are.
 */
export const HTTP_STATE: readonly { readonly name: string; readonly value: string }[] = [
  { name: "foo", value: "bar" },
  { name: "x", value: "" },
  { name: "z", value: "y, a=b" },
  { name: "foo", value: "bar, baz=qux" },
  { name: "foo", value: "\"bar, baz=qux\"" },
  { name: "aBc", value: "\"zzz \"" },
  { name: "aBc", value: "\"zz" },
  { name: "aBc", value: "\"zzz \"   \"ppp\"" },
  { name: "aBc", value: "A\"B" },
  { name: "A", value: "== BC" },
  { name: "foo", value: "\"zohNumRKgI0oxyhSsV3Z7D\"" },
  { name: "foo", value: "\u6625\u8282\u56de\u5bb6\u8def\u00b7\u6625\u8fd0\u5b8c\u5168\u624b\u518c" },
  { name: "\u6625\u8282\u56de", value: "\u5bb6\u8def\u00b7\u6625\u8fd0" },
];

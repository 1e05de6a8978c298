import { defineComponent, h, type PropType } from "vue";
import type { SessionClient } from "../../src/index.ts";
import { useIdleLogout, useSession } from "../../src/vue.ts";

const props = { client: { type: Object as PropType<SessionClient>, required: true }, drawn: { type: Function as PropType<(what: string) => void>, required: true } } as const;

const Warning = defineComponent({
  props,
  setup({ client, drawn }) {
    const { status, remaining, by, extend, logout } = useIdleLogout(client);
    return () => {
      const text = [status.value, remaining.value, by.value].filter(Boolean).join(" ");
      drawn(text);
      const dialog = () => h("div", { role: "alertdialog" }, [h("button", { onClick: extend }, "Stay"), h("button", { onClick: logout }, "Leave")]);
      return [h("p", text), status.value === "warning" ? dialog() : null];
    };
  },
});

export const Page = defineComponent({
  props,
  setup({ client, drawn }) {
    const session = useSession(client);
    return () => {
      const state = session.value;
      return h("main", { class: state.status }, [h("h1", "view" in state && state.view.state === "active" ? state.view.subject : "Welcome"), h(Warning, { client, drawn })]);
    };
  },
});

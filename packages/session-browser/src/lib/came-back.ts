/** Whether the back button, or a browser that was started again, brought this document: then it may come from a cache, whatever its headers say of its age. */
export const cameBack = (): boolean => (performance.getEntriesByType?.("navigation")[0] as PerformanceNavigationTiming | undefined)?.type === "back_forward";

import { configError } from "../config-error.ts";
import type { Target } from "../target.ts";
import { laterThanNotice, losses, nodesElsewhere, quoted } from "./losses.ts";

/** Seven days: the longest stickiness of an Application Load Balancer. */
const LONGEST = 604_800_000;
const between = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** A target group for CloudFormation, with the ranges of AWS::ElasticLoadBalancingV2::TargetGroup. */
export const awsAlb: Target = {
  proof: "generated",
  versions: ["2015-12-01"],
  draft: (affinity) => {
    const { key, name, duration, health, nodes, drain } = affinity;
    if (key.kind !== "cookie") throw configError("key", "an Application Load Balancer goes by its own cookie alone.");
    if (duration.idle > LONGEST) throw configError("duration.idle", "of an Application Load Balancer is at most 7 days.");
    if (name.length > 32) throw configError("name", "of a target group has at most 32 characters.");
    const interval = between(Math.round(health.interval / 1000), 5, 300);
    const timeout = between(Math.round(health.timeout / 1000), 2, Math.min(120, interval - 1));
    const fall = between(health.fall, 2, 10);
    const rise = between(health.rise, 2, 10);
    const attributes = { "stickiness.enabled": "true", "stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": duration.idle / 1000, "deregistration_delay.timeout_seconds": drain.grace / 1000 };
    return {
      file: "target-group.yaml",
      lines: [
        "Parameters:",
        "  Vpc:",
        "    Type: AWS::EC2::VPC::Id",
        "Resources:",
        "  HoldfastTargetGroup:",
        "    Type: AWS::ElasticLoadBalancingV2::TargetGroup",
        "    Properties:",
        `      Name: ${quoted(name)}`,
        "      VpcId: !Ref Vpc",
        "      Protocol: HTTP",
        `      Port: ${nodes[0]?.port}`,
        `      HealthCheckPath: ${health.path}`,
        `      HealthCheckIntervalSeconds: ${interval}`,
        `      HealthCheckTimeoutSeconds: ${timeout}`,
        `      HealthyThresholdCount: ${rise}`,
        `      UnhealthyThresholdCount: ${fall}`,
        '      Matcher: { HttpCode: "200" }',
        "      TargetGroupAttributes:",
        ...Object.entries(attributes).map(([key, value]) => `        - { Key: ${key}, Value: "${value}" }`),
      ],
      losses: losses(
        ...nodesElsewhere("instances, addresses or tasks are registered with the target group", affinity),
        { option: "cookie", text: "it is called AWSALB, is encrypted, has the path /, and neither HttpOnly, Secure nor SameSite; AWSALBCORS beside it is SameSite=None; Secure. None of this can be set." },
        { option: "duration.absolute", text: "nothing limits it: the time starts again with each response." },
        duration.cookie === "session" && { option: "duration.cookie", text: "the cookie is kept for the idle time, beyond the end of the browser." },
        affinity.cookielessHeader !== undefined && { option: "cookielessHeader", text: "clients without cookies take turns." },
        health.interval !== interval * 1000 && { option: "health.interval", text: `${interval} s (5 to 300).` },
        health.timeout !== timeout * 1000 && { option: "health.timeout", text: `${timeout} s (2 to 120, and less than the interval).` },
        health.fall !== fall && { option: "health.fall", text: `${fall} (2 to 10).` },
        health.rise !== rise && { option: "health.rise", text: `${rise} (2 to 10).` },
        { option: "drain", text: `${health.path} with 404 makes the target unhealthy and moves its clients at once. To keep them a while, deregister it: it has ${drain.grace / 1000} s for requests under way.${laterThanNotice(affinity, interval * fall + timeout)}` },
      ),
    };
  },
};

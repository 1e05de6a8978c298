/** The configurations of the founding documents, as they are written there. */
export const SEED_NGINX = `upstream backend {
    server srv1.example.com;
    server srv2.example.com;
    sticky cookie srv_id expires=1h domain=.example.com path=/;
}

server {
    location / {
        proxy_pass http://backend;
    }
}
`;

export const SEED_HAPROXY = `backend webservers
    balance source  # IP hash
    server srv1 192.168.1.10:80 check
    server srv2 192.168.1.11:80 check
`;

export const SEED_KUBERNETES = `apiVersion: v1
kind: Service
spec:
  sessionAffinity: ClientIP  # IP-based
  sessionAffinityConfig:
    clientIP:
      timeoutSeconds: 10800  # 3 hours
  ports:
  - port: 80
    targetPort: 8080
`;

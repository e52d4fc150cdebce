{{/* The template of a pod, for both modes. */}}
{{- define "layerdock.pod" -}}
{{- $scheme := ternary "HTTPS" "HTTP" (not (empty .Values.tls.secret)) -}}
metadata:
  labels:
    {{- include "layerdock.selectorLabels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A change of the settings starts new pods.
    checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "layerdock.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ add .Values.drain.delay .Values.drain.seconds 10 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: layerdock
      image: {{ include "layerdock.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: ["serve", "--config=/etc/layerdock/config/layerdock.json"]
      {{- if or .Values.bucket.secret .Values.extraEnv }}
      env:
        {{- with .Values.bucket.secret }}
        {{- range $key := list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
        - name: {{ $key }}
          valueFrom:
            secretKeyRef:
              name: {{ $.Values.bucket.secret }}
              key: {{ $key }}
        {{- end }}
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      ports:
        - name: registry
          containerPort: 5000
        {{- if .Values.metrics.enabled }}
        - name: metrics
          containerPort: {{ .Values.metrics.port }}
        {{- end }}
      # The server listens while it opens its storage or waits for its database: /live is 200 then, /ready is not.
      startupProbe:
        httpGet: { path: /live, port: registry, scheme: {{ $scheme }} }
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: { path: /live, port: registry, scheme: {{ $scheme }} }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /ready, port: registry, scheme: {{ $scheme }} }
        periodSeconds: 2
        timeoutSeconds: 6
        failureThreshold: 2
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: ["ALL"]
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/layerdock/config
          readOnly: true
        - name: tmp
          mountPath: /tmp
        {{- if eq .Values.mode "single" }}
        - name: data
          mountPath: /var/lib/layerdock
        {{- end }}
        {{- if .Values.access.usersSecret }}
        - name: users
          mountPath: /etc/layerdock/users
          readOnly: true
        {{- end }}
        {{- if .Values.database.secret }}
        - name: database
          mountPath: /etc/layerdock/database
          readOnly: true
        {{- end }}
        {{- if .Values.tls.secret }}
        - name: tls
          mountPath: /etc/layerdock/tls
          readOnly: true
        {{- end }}
        {{- if .Values.webhooks.secret }}
        - name: webhooks
          mountPath: /etc/layerdock/webhooks
          readOnly: true
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "layerdock.fullname" . }}
    - name: tmp
      emptyDir: {}
    {{- if and (eq .Values.mode "single") .Values.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ .Values.persistence.existingClaim }}
    {{- end }}
    {{- range $name, $secret := dict "users" .Values.access.usersSecret "database" .Values.database.secret "tls" .Values.tls.secret "webhooks" .Values.webhooks.secret }}
    {{- if $secret }}
    - name: {{ $name }}
      secret:
        secretName: {{ $secret }}
        defaultMode: 0440
    {{- end }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
  {{- else if eq .Values.mode "scaled" }}
  topologySpreadConstraints:
    {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "layerdock.selectorLabels" $ | nindent 10 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "layerdock.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: the pods of a StatefulSet have its name and a hash of 11 in a label, which takes 63. */}}
{{- define "layerdock.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "layerdock.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "layerdock.selectorLabels" -}}
app.kubernetes.io/name: {{ include "layerdock.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "layerdock.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "layerdock.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "layerdock.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "layerdock.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "layerdock.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The configuration file of the server. */}}
{{- define "layerdock.config" -}}
{{- $config := deepCopy .Values.settings -}}
{{- $_ := set $config "listen" ":5000" -}}
{{- $_ := set $config "drainDelay" .Values.drain.delay -}}
{{- $_ := set $config "drainSeconds" .Values.drain.seconds -}}
{{- if eq .Values.mode "single" -}}
{{- $_ := set $config "storageDir" "/var/lib/layerdock" -}}
{{- end -}}
{{- if .Values.database.secret -}}
{{- $_ := set $config "databaseFile" (printf "/etc/layerdock/database/%s" .Values.database.key) -}}
{{- end -}}
{{- with .Values.bucket.url -}}
{{- $_ := set $config "bucket" . -}}
{{- end -}}
{{- with .Values.access -}}
{{- if .usersSecret -}}{{- $_ := set $config "htpasswd" "/etc/layerdock/users/users.htpasswd" -}}{{- end -}}
{{- if .anonymousPull -}}{{- $_ := set $config "anonymousPull" true -}}{{- end -}}
{{- if .allowAnonymousPush -}}{{- $_ := set $config "allowAnonymousPush" true -}}{{- end -}}
{{- if .policy -}}{{- $_ := set $config "policy" "/etc/layerdock/config/policy.json" -}}{{- end -}}
{{- if .publicUrl -}}{{- $_ := set $config "publicUrl" .publicUrl -}}{{- end -}}
{{- end -}}
{{- if .Values.retention -}}{{- $_ := set $config "retention" "/etc/layerdock/config/retention.json" -}}{{- end -}}
{{- if .Values.webhooks.secret -}}{{- $_ := set $config "webhooks" "/etc/layerdock/webhooks/webhooks.json" -}}{{- end -}}
{{- with .Values.trustedProxies -}}{{- $_ := set $config "trustedProxies" . -}}{{- end -}}
{{- if .Values.tls.secret -}}
{{- $_ := set $config "tlsCert" "/etc/layerdock/tls/tls.crt" -}}
{{- $_ := set $config "tlsKey" "/etc/layerdock/tls/tls.key" -}}
{{- end -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $config "metricsListen" (printf ":%d" (int .Values.metrics.port)) -}}
{{- end -}}
{{- toPrettyJson $config -}}
{{- end -}}

{{/* Refuses values with which the server would not start, or which would have no effect. */}}
{{- define "layerdock.check" -}}
{{- $access := .Values.access -}}
{{- if not (or $access.usersSecret $access.policy $access.allowAnonymousPush .Values.settings.readOnly) -}}
{{- fail "anyone could push to this registry: set access.usersSecret, access.policy or settings.readOnly, or access.allowAnonymousPush if that is what you want" -}}
{{- end -}}
{{- if and $access.anonymousPull (not $access.usersSecret) -}}
{{- fail "access.anonymousPull needs access.usersSecret" -}}
{{- end -}}
{{- if and $access.anonymousPull $access.policy -}}
{{- fail "access.anonymousPull: with access.policy, a rule for anonymous callers says what they may do" -}}
{{- end -}}
{{- if and (eq .Values.mode "scaled") (not (and .Values.database.secret .Values.bucket.url)) -}}
{{- fail "mode scaled needs database.secret and bucket.url" -}}
{{- end -}}
{{- if and .Values.bucket.secret (not .Values.bucket.url) -}}
{{- fail "bucket.secret needs bucket.url" -}}
{{- end -}}
{{- if and .Values.metrics.enabled (has (int .Values.metrics.port) (list 5000 (int .Values.service.port))) -}}
{{- fail "metrics.port needs a port of its own: 5000 and service.port are the registry's" -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (ne .Values.mode "scaled") -}}
{{- fail "autoscaling needs mode scaled" -}}
{{- end -}}
{{- if lt (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.minReplicas) -}}
{{- fail "autoscaling.maxReplicas is less than autoscaling.minReplicas" -}}
{{- end -}}
{{- range $label, $_ := include "layerdock.selectorLabels" . | fromYaml -}}
{{- if hasKey $.Values.podLabels $label -}}
{{- fail (printf "podLabels: %s is the chart's, which finds its pods by it" $label) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor needs metrics.enabled" -}}
{{- end -}}
{{- end -}}

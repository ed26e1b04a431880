{{/* The names are fixed: a cluster has one hookplane, whatever the release is called. */}}
{{- define "hookplane.selector" -}}
app.kubernetes.io/name: hookplane
{{- end }}

{{- define "hookplane.labels" -}}
{{ include "hookplane.selector" . }}
app.kubernetes.io/part-of: hookplane
{{- end }}

{{- define "hookplane.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

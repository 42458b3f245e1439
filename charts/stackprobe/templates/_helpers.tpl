{{- define "stackprobe.name" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "stackprobe.labels" -}}
{{ include "stackprobe.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "stackprobe.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "stackprobe.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else if $image.tag -}}
{{ $image.repository }}:{{ $image.tag }}
{{- else -}}
{{- fail "image.tag or image.digest is missing: an image that changes by itself proves nothing" -}}
{{- end -}}
{{- end -}}

{{/* A quantity of memory in MiB, rounded down. */}}
{{- define "stackprobe.mebibytes" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- $unit := regexReplaceAll "^[0-9]+" . "" -}}
{{- if eq $unit "Ti" -}}{{ mul $number 1048576 }}
{{- else if eq $unit "Gi" -}}{{ mul $number 1024 }}
{{- else if eq $unit "Mi" -}}{{ $number }}
{{- else if eq $unit "Ki" -}}{{ div $number 1024 }}
{{- end -}}
{{- end -}}

{{/* Pages of /dev/shm count towards the memory limit: what does not fit is killed in mid-run, without a report. */}}
{{- define "stackprobe.check" -}}
{{- $limit := include "stackprobe.mebibytes" .Values.resources.limits.memory | int64 -}}
{{- $shm := include "stackprobe.mebibytes" .Values.shm | int64 -}}
{{- $ranks := mul .Values.ranks (include "stackprobe.mebibytes" .Values.rankMemory | int64) -}}
{{- $wanted := add $shm $ranks 512 -}}
{{- if gt $wanted $limit -}}
{{- fail (printf "resources.limits.memory is %d MiB, wanted at least %d: shm %d, %d ranks of %s, and 512 for stackprobe and compilers" $limit $wanted $shm (int .Values.ranks) .Values.rankMemory) -}}
{{- end -}}
{{- $least := add 64 (mul 8 .Values.ranks) -}}
{{- if lt $shm (int64 $least) -}}
{{- fail (printf "shm is %d MiB, wanted at least %d for %d ranks" $shm $least (int .Values.ranks)) -}}
{{- end -}}
{{- end -}}

{{/* Where the results of this release's revision go. */}}
{{- define "stackprobe.results" -}}
/results/{{ .Release.Name }}-{{ .Release.Revision }}
{{- end -}}

{{- define "stackprobe.selection" -}}
{{- range .Values.suites }}
- {{ . | quote }}
{{- end }}
{{- range $flag, $values := .Values.select }}
{{- range $values }}
- --{{ $flag }}
- {{ . | quote }}
{{- end }}
{{- end }}
- --all
{{- if .Values.site }}
- --site
- /etc/stackprobe/site.toml
{{- end }}
{{- end -}}

{{/* A pod's spec up to its volumes, which come last so that a template can add some. */}}
{{- define "stackprobe.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: Never
terminationGracePeriodSeconds: 60
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.pod.runAsUser | int64 }}
  runAsGroup: {{ .Values.pod.runAsGroup | int64 }}
  fsGroup: {{ .Values.pod.fsGroup | int64 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {{- toYaml .Values.pod.seccompProfile | nindent 4 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.pod.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: stack
    {{- toYaml (required "stack.volume is missing: the volume that holds the stack" .Values.stack.volume) | nindent 4 }}
  - name: results
    {{- toYaml (required "results.volume is missing: a volume that all pods can write" .Values.results.volume) | nindent 4 }}
  - name: tmp
    emptyDir: {}
  {{- if .Values.site }}
  - name: site
    configMap: { name: {{ include "stackprobe.name" . }} }
  {{- end }}
{{- end -}}

{{/* A container up to its mounts, which come last so that a template can add some. Takes the scope and its resources. */}}
{{- define "stackprobe.container" -}}
{{- $resources := index . 1 -}}
{{- with index . 0 -}}
image: {{ include "stackprobe.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
terminationMessagePath: /dev/termination-log
terminationMessagePolicy: File
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources: {{- toYaml $resources | nindent 2 }}
env:
  # A read-only root has no home to write to.
  - { name: HOME, value: /tmp }
  - { name: SPACK_ROOT, value: {{ .Values.stack.path | quote }} }
  {{- with .Values.stack.modulePath }}
  - { name: MODULEPATH, value: {{ . | quote }} }
  {{- end }}
  - { name: NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
volumeMounts:
  - name: stack
    mountPath: {{ .Values.stack.path }}
    readOnly: true
    {{- with .Values.stack.mountPropagation }}
    mountPropagation: {{ . }}
    {{- end }}
  - { name: results, mountPath: /results }
  - { name: tmp, mountPath: /tmp }
  {{- if .Values.site }}
  - { name: site, mountPath: /etc/stackprobe, readOnly: true }
  {{- end }}
{{- end -}}
{{- end -}}

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
{{- if and .Values.promote.into (not .Values.promote.volume) -}}
{{- fail "promote.volume is missing: the folder of releases is on no volume" -}}
{{- end -}}
{{- if and .Values.promote.into (eq .Values.mode "jobs") -}}
{{- fail "promote.into wants mode argo or both: the Jobs have no gate" -}}
{{- end -}}
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

{{/* What `run` and `list` are asked for. */}}
{{- define "stackprobe.selection" -}}
- --all
{{- include "stackprobe.discovery" . }}
{{- end -}}

{{/* What `discover` is asked for, too. */}}
{{- define "stackprobe.discovery" -}}
{{- range .Values.suites }}
- {{ . | quote }}
{{- end }}
{{- range .Values.select.tag }}
- --tag
- {{ . | quote }}
{{- end }}
{{- range $flag := list "cc" "mpi" "runtime" }}
{{- range index $.Values.select $flag }}
- --{{ $flag }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- if .Values.site }}
- --site
- /etc/stackprobe/site.toml
{{- end }}
{{- end -}}

{{- define "stackprobe.security" -}}
runAsNonRoot: true
runAsUser: {{ .Values.pod.runAsUser | int64 }}
runAsGroup: {{ .Values.pod.runAsGroup | int64 }}
fsGroup: {{ .Values.pod.fsGroup | int64 }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {{- toYaml .Values.pod.seccompProfile | nindent 2 }}
{{- end -}}

{{/* Whether there are files of the site. */}}
{{- define "stackprobe.files" -}}
{{- if or .Values.site (and .Values.gate.policy (ne .Values.mode "jobs")) }}yes{{ end -}}
{{- end -}}

{{/* Volumes, which a template may add to. */}}
{{- define "stackprobe.volumes" -}}
- name: stack
  {{- toYaml .Values.stack.volume | nindent 2 }}
- name: results
  {{- toYaml .Values.results.volume | nindent 2 }}
- name: tmp
  emptyDir: {}
{{- if include "stackprobe.files" . }}
- name: site
  configMap: { name: {{ include "stackprobe.name" . }} }
{{- end }}
{{- end -}}

{{/* Where pods may run: words that a pod and a workflow share. */}}
{{- define "stackprobe.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A pod's spec up to its volumes, which come last so that a template can add some. */}}
{{- define "stackprobe.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: Never
terminationGracePeriodSeconds: 60
{{- with .Values.pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- include "stackprobe.security" . | nindent 2 }}
{{- include "stackprobe.placement" . }}
volumes:
  {{- include "stackprobe.volumes" . | nindent 2 }}
{{- end -}}

{{/* The same for the pods of a workflow: Argo has words of its own for some of it, and a patch for the rest. */}}
{{- define "stackprobe.workflow-pod" -}}
podSpecPatch: '{"enableServiceLinks": false, "terminationGracePeriodSeconds": 60}'
{{- with .Values.pod.priorityClassName }}
podPriorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- include "stackprobe.security" . | nindent 2 }}
{{- include "stackprobe.placement" . }}
volumes:
  {{- include "stackprobe.volumes" . | nindent 2 }}
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
  {{- if include "stackprobe.files" . }}
  - { name: site, mountPath: /etc/stackprobe, readOnly: true }
  {{- end }}
{{- end -}}
{{- end -}}

{{/* What Argo tries again. */}}
{{- define "stackprobe.again" -}}
{{- $again := list "-1" "64" "65" -}}
{{- range .Files.Get "exit-codes.json" | fromJsonArray -}}
{{- if eq .action "Count" }}{{ $again = append $again (.code | int | toString) }}{{ end -}}
{{- end -}}
retryStrategy:
  limit: {{ .Values.retries | quote }}
  # What another try may cure; 64 and 65 are the executor's own, -1 is a pod that nobody saw end.
  expression: >-
    (lastRetry.status == "Error" || lastRetry.exitCode in {{ toJson $again }})
    && !(lastRetry.message matches "OOMKilled|specified deadline")
  backoff: { duration: 30s, factor: "2", maxDuration: 30m }
{{- end -}}

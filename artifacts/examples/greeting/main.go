/*
Copyright The Hookplane Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

// Command greeting is the hook of the README's first controller: a Greeting becomes a ConfigMap.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"time"
)

type object map[string]any

// sync receives what exists and answers with what should exist.
func sync(w http.ResponseWriter, r *http.Request) {
	var observed struct {
		Parent struct {
			Metadata struct{ Name string }
			Spec     struct{ Who string }
		}
		Children map[string]map[string]object
	}
	if err := json.NewDecoder(r.Body).Decode(&observed); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := object{
		"children": []object{{
			"apiVersion": "v1",
			"kind":       "ConfigMap",
			"metadata":   object{"name": observed.Parent.Metadata.Name},
			"data":       object{"text": "Hello, " + observed.Parent.Spec.Who + "!"},
		}},
		"status": object{"configMaps": len(observed.Children["ConfigMap.v1"])},
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Print(err)
	}
}

func main() {
	server := http.Server{Addr: "127.0.0.1:8099", Handler: http.HandlerFunc(sync), ReadHeaderTimeout: time.Second}
	log.Fatal(server.ListenAndServe())
}

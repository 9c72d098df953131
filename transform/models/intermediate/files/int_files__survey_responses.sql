{{ map_files('survey_responses') }}
